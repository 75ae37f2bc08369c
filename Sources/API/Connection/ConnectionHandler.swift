import HTTPTypes
import Metrics
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Connects a channel to its ``ConnectionState``: turns events into inputs and executes the actions.
///
/// It is between the HTTP decoder and the application. It counts the open connections in the metric
/// `ticketblitz_http_connections`.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What ``ConnectionState/Action/passOn`` passes on.
    enum Source {
        case read(NIOAny)
        case readComplete
        case event(Any)
        case inactive
        case write(NIOAny, EventLoopPromise<Void>?)
        /// A timer or the order watch, which have nothing to pass on.
        case none
    }

    private static let connections = Meter(label: "ticketblitz_http_connections")
    /// Requests are short, and an idle connection keeps its read buffer. In bytes.
    private static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16 * 1024)

    let orders: OrderObserver
    private let limits: ClientLimits?
    private var state: ConnectionState
    private var peer: IPAddress?
    var idleTimer: Scheduled<Void>?
    var bodyTimer: Scheduled<Void>?
    var waitTimer: Scheduled<Void>?
    var endWatch: (@Sendable () -> Void)?

    /// - Parameters:
    ///   - limits: the rate limits of all clients; nil if they have none.
    ///   - configuration: its `rateLimit` is that of `limits`.
    init(limits: ClientLimits?, orders: OrderObserver, configuration: ConnectionState.Configuration = .init()) {
        self.limits = limits
        self.orders = orders
        var configuration = configuration
        configuration.rateLimit = limits?.limit
        state = ConnectionState(configuration)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        Self.connections.increment()
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffers)
        run(.opened, from: .none, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        Self.connections.decrement()
        for timer in [idleTimer, bodyTimer] { timer?.cancel() }
        stopWatching()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let input: ConnectionState.Input =
            switch unwrapInboundIn(data) {
            case .head(let head): .head(head, check(head, context))
            case .body: .body
            case .end(let trailers): .end(trailers)
            }
        run(input, from: .read(data), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        run(.readComplete, from: .readComplete, context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let input: ConnectionState.Input =
            switch unwrapOutboundIn(data) {
            case .head(let head): .responseHead(head)
            case .body: .responseBody
            case .end: .responseEnd
            }
        run(input, from: .write(data, promise), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        run(.decoderError(error), from: .none, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            run(.quiesce, from: .event(event), context)
        } else if event as? ChannelEvent == .inputClosed {
            run(.inputClosed, from: .event(event), context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        run(.inactive, from: .inactive, context)
    }

    /// Handles an input and executes its actions. An action can lead to another input, which is then handled completely
    /// before the next action.
    func run(_ input: ConnectionState.Input, from source: Source, _ context: ChannelHandlerContext) {
        state.handle(input, at: context.eventLoop.now).perform { perform($0, from: source, context) }
    }

    /// Counts a request for its client's rate limit.
    private func check(_ head: HTTPRequest, _ context: ChannelHandlerContext) -> ConnectionState.RateCheck {
        guard let limits, state.acceptsRequests else { return .unlimited }
        if peer == nil { peer = context.remoteAddress.flatMap { IPAddress($0) } }
        guard let peer else { return .unknownClient }
        return .counted(limits.take(head, from: peer, at: context.eventLoop.now))
    }

    func stopWatching() {
        waitTimer?.cancel()
        waitTimer = nil
        endWatch?()
        endWatch = nil
    }
}

/// The connection closed, or was closed, before the request's body was complete.
struct BodyCutOff: Error {}
