import Domain
import Metrics
import NIOCore
import NIOHTTP1
import Runtime

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

    let services: ConnectionServices
    var orders: OrderObserver { services.orders }
    let responder: (any DirectResponding)?
    let writer: ResponseWriter
    private(set) var state: ConnectionState
    private var knownPeer: IPAddress?
    private(set) var context: ChannelHandlerContext?
    private let decoder: RequestDecoder?
    /// The connections of this event loop, and of this client's address; nil if they are not limited.
    let loopConnections: LoopConnections?
    var addressConnections: AddressConnections?
    /// The bytes that are counted for the address as not taken.
    var countedUnsent = 0
    var position = 0
    /// Since when the connection waits for a place; nil if it does not.
    var waitsSince: NIODeadline?
    private var isReadPending = false
    /// Adds the application to the channel; nil if it has been added.
    var addApplication: (() throws -> Void)?
    var idleTimer: Scheduled<Void>?
    var bodyTimer: Scheduled<Void>?
    var waitTimer: Scheduled<Void>?
    var endWatch: (@Sendable () -> Void)?
    /// What sends the stream to the client; nil if there is none.
    var viewer: LiveViewer?
    var streamIsChunked = false
    /// The order that the current request waits for, as it was last read.
    var knownOrder: Order?

    /// - Parameters:
    ///   - responder: responds to direct requests; nil if the application responds to all requests.
    ///   - decoder: the decoder before this handler.
    ///   - addApplication: adds the handlers of the application to the end of the pipeline. It is called before the first
    ///     part is passed to them; nil if they are there already.
    init(
        _ services: ConnectionServices, responder: (any DirectResponding)? = nil, decoder: RequestDecoder? = nil,
        addApplication: (() throws -> Void)? = nil
    ) {
        self.services = services
        self.responder = responder
        self.decoder = decoder
        self.addApplication = addApplication
        var configuration = services.configuration
        configuration.rateLimit = services.rateLimits?.limit
        configuration.answersDirectly = responder != nil
        writer = responder?.writer ?? ResponseWriter(keepAlive: configuration.keepAlive)
        loopConnections = services.table?.current
        state = ConnectionState(configuration, preflight: services.preflight)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        Self.connections.increment()
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffers)
        run(.opened, from: .none)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard admit(context) else { return context.close(promise: nil) }
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        addApplication = nil
        Self.connections.decrement()
        dismiss()
        for timer in [idleTimer, bodyTimer] { timer?.cancel() }
        for (fault, number) in state.faults { fault.count(number) }
        stopWatching()
        forgetViewer()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { becameWritable() } else { becameUnwritable(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let input: ConnectionState.Input =
            switch unwrapInboundIn(data) {
            case .head(let head): .head(head, check(head, context))
            case .body(let bytes): .body(bytes)
            case .end(let trailers): .end(trailers)
            }
        switch input {
        case .head(let head, _): decoder?.delivered(head)
        case .end: decoder?.deliveredEnd()
        default: break
        }
        run(input, from: .read(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { run(.readComplete, from: .readComplete) }

    func read(context: ChannelHandlerContext) {
        if acceptsReads { context.read() } else { isReadPending = true }
    }

    private var acceptsReads: Bool { waitsSince == nil && state.acceptsReads }

    func readIfPending() {
        guard isReadPending, acceptsReads, let context else { return }
        isReadPending = false
        context.read()
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
        readIfPending()
    }

    /// Counts a request for its client's rate limit.
    private func check(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> ConnectionState.RateCheck {
        guard let limits = services.rateLimits, state.acceptsRequests else { return .unlimited }
        guard let peer = peer(context) else { return .unknownClient }
        return .counted(limits.take(head, from: peer, at: context.eventLoop.now))
    }

    /// The address that the connection comes from; nil if it has none.
    func peer(_ context: ChannelHandlerContext) -> IPAddress? {
        if knownPeer == nil { knownPeer = context.remoteAddress.flatMap { IPAddress($0) } }
        return knownPeer
    }

    func stopWatching() {
        waitTimer?.cancel()
        waitTimer = nil
        endWatch?()
        endWatch = nil
        knownOrder = nil
    }
}

/// The connection closed, or was closed, before the request's body was complete.
struct BodyCutOff: Error {}
