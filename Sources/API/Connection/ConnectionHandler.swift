import Metrics
import NIOCore
import NIOHTTP1

/// Connects a channel to its ``ConnectionState``: turns events into inputs and executes the actions.
///
/// It is between the HTTP decoder and the encoder, so that it writes its own responses as bytes; the parts of the
/// application's responses come from a ``ResponseObserver`` behind the encoder. It counts the open connections in the metric
/// `ticketblitz_http_connections`.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What ``ConnectionState/Action/passOn`` passes on.
    enum Source {
        case read(NIOAny)
        case readComplete
        case event(Any)
        case inactive
        /// A part of a response, and the context of the handler that passes it on.
        case write(NIOAny, EventLoopPromise<Void>?, ChannelHandlerContext)
        /// A timer, the order watch or the responder, which have nothing to pass on.
        case none
    }

    private static let connections = Meter(label: "ticketblitz_http_connections")
    /// Requests are short, and an idle connection keeps its read buffer. In bytes.
    private static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16 * 1024)

    let orders: OrderObserver
    let responder: (any DirectResponding)?
    let writer: ResponseWriter
    private let limits: ClientLimits?
    private var state: ConnectionState
    private var peer: IPAddress?
    private var context: ChannelHandlerContext?
    private var isReadPending = false
    /// Adds the application to the channel; nil if it has been added.
    var addApplication: (() throws -> Void)?
    var idleTimer: Scheduled<Void>?
    var bodyTimer: Scheduled<Void>?
    var waitTimer: Scheduled<Void>?
    var endWatch: (@Sendable () -> Void)?

    /// - Parameters:
    ///   - limits: the rate limits of all clients; nil if they have none.
    ///   - responder: responds to direct requests; nil if the application responds to all requests.
    ///   - configuration: its `rateLimit` is that of `limits`.
    ///   - addApplication: adds the handlers of the application to the end of the pipeline. It is called before the first
    ///     part is passed to them; nil if they are there already.
    init(
        limits: ClientLimits?, orders: OrderObserver, responder: (any DirectResponding)? = nil,
        configuration: ConnectionState.Configuration = .init(), addApplication: (() throws -> Void)? = nil
    ) {
        self.limits = limits
        self.orders = orders
        self.responder = responder
        self.addApplication = addApplication
        writer = responder?.writer ?? ResponseWriter()
        var configuration = configuration
        configuration.rateLimit = limits?.limit
        configuration.answersDirectly = responder != nil
        state = ConnectionState(configuration)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        Self.connections.increment()
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffers)
        run(.opened, from: .none)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        addApplication = nil
        Self.connections.decrement()
        for timer in [idleTimer, bodyTimer] { timer?.cancel() }
        stopWatching()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let input: ConnectionState.Input =
            switch unwrapInboundIn(data) {
            case .head(let head): .head(head, check(head, context))
            case .body(let bytes): .body(bytes)
            case .end(let trailers): .end(trailers)
            }
        run(input, from: .read(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { run(.readComplete, from: .readComplete) }

    func read(context: ChannelHandlerContext) {
        if state.acceptsReads { context.read() } else { isReadPending = true }
    }

    /// Handles a part of the application's response.
    ///
    /// - Parameter context: of the handler that passes the part on.
    func write(
        _ part: HTTPServerResponsePart, _ data: NIOAny, _ promise: EventLoopPromise<Void>?,
        _ context: ChannelHandlerContext
    ) {
        let input: ConnectionState.Input =
            switch part {
            case .head(let head): .responseHead(head)
            case .body: .responseBody
            case .end: .responseEnd
            }
        run(input, from: .write(data, promise, context))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        run(.decoderError(error), from: .none)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            run(.quiesce, from: .event(event))
        } else if event as? ChannelEvent == .inputClosed {
            run(.inputClosed, from: .event(event))
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { run(.inactive, from: .inactive) }

    /// Handles an input and executes its actions. An action can lead to another input, which is then handled completely
    /// before the next action.
    func run(_ input: ConnectionState.Input, from source: Source) {
        guard let context else { return }
        state.handle(input, at: context.eventLoop.now).perform { perform($0, from: source, context) }
        if isReadPending, state.acceptsReads {
            isReadPending = false
            context.read()
        }
    }

    /// Counts a request for its client's rate limit.
    private func check(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> ConnectionState.RateCheck {
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
