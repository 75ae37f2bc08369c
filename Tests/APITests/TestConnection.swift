import Domain
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

@testable import API
@testable import Runtime

/// The application behind a connection: records requests, and responds to each with its method, path and body.
final class TestApplication: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    struct Received: Hashable {
        var method: HTTPRequest.Method
        var path: String
        var body = ""
        var isComplete = false
    }

    /// Whether it responds as soon as a request is complete; else with ``respond(_:)``.
    let respondsAtOnce: Bool
    private(set) var received: [Received] = []
    private(set) var cutOffs = 0
    private(set) var reads = 0
    private var answered = 0

    init(respondsAtOnce: Bool) {
        self.respondsAtOnce = respondsAtOnce
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): received.append(Received(method: head.method, path: head.path ?? ""))
        case .body(let bytes): received[received.count - 1].body += String(buffer: bytes)
        case .end:
            received[received.count - 1].isComplete = true
            if respondsAtOnce { respond(context) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { reads += 1 }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is BodyCutOff { cutOffs += 1 }
    }

    /// Responds to all complete requests.
    func respond(_ context: ChannelHandlerContext) {
        while answered < received.count, received[answered].isComplete {
            let request = received[answered]
            answered += 1
            let body = ByteBuffer(string: "\(request.method) \(request.path) \(request.body)")
            let head = HTTPResponse(
                status: .ok, headerFields: [.contentLength: String(body.readableBytes)])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if request.method != .head { context.write(wrapOutboundOut(.body(body)), promise: nil) }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

extension Channel {
    /// Adds the handlers of a connection as the server does, with the application of a test.
    func addConnection(
        _ application: TestApplication, limits: ClientLimits? = nil, orders: OrderObserver = .unused,
        responder: (any DirectResponding)? = nil,
        preflight: (@Sendable (HTTPRequestHead) -> Problem?)? = nil
    ) throws {
        let pipeline = pipeline.syncOperations
        try SaleChannel.addHandlers(
            to: self,
            ConnectionServices(
                orders: orders, rateLimits: limits, preflight: preflight,
                configuration: .init(idleTimeout: .seconds(10))),
            responder: responder, headerLimit: 80 * 1024
        ) {
            try pipeline.addHandler(application)
        }
    }
}

extension OrderObserver {
    /// For requests that do not wait.
    static let unused = OrderObserver(watch: { _, _ in nil }, isClosed: { false }, isSettled: { _ in true })
}

/// A connection without a socket, whose clock a test moves.
struct TestConnection {
    /// Closes the channel with the connection: an open channel and its handlers refer to each other.
    private final class End {
        let channel: EmbeddedChannel
        init(_ channel: EmbeddedChannel) { self.channel = channel }
        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
    }

    let channel: EmbeddedChannel
    private let end: End
    let application: TestApplication

    init(
        limit: RateLimit? = nil, respondsAtOnce: Bool = true, responder: (any DirectResponding)? = nil,
        preflight: (@Sendable (HTTPRequestHead) -> Problem?)? = nil
    ) throws {
        channel = EmbeddedChannel()
        end = End(channel)
        application = TestApplication(respondsAtOnce: respondsAtOnce)
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        try channel.addConnection(
            application, limits: limit.map { ClientLimits($0, proxies: .none) },
            responder: responder, preflight: preflight)
    }

    /// One read of the server.
    func send(_ text: String) throws {
        try send(Array(text.utf8)[...])
    }

    func send(_ bytes: ArraySlice<UInt8>) throws {
        // A closed connection reads nothing.
        guard channel.isActive else { return }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func respond() throws {
        // It is added with the first request that it receives.
        guard !application.received.isEmpty else { return }
        let context = try channel.pipeline.syncOperations.context(handler: application)
        application.respond(context)
    }

    func advance(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    /// What the server has written since the last call.
    func received() throws -> String {
        var text = ""
        while let part = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    /// The statuses of the responses since the last call.
    func statuses() throws -> [Int] {
        try received().matches(of: /HTTP\/1\.1 (\d{3})/).compactMap { Int($0.1) }
    }
}

/// Responds to direct requests with their bodies, at once or with ``respond()``.
final class TestResponder: DirectResponding {
    let writer = ResponseWriter(keepAlive: "timeout=75")
    private let respondsAtOnce: Bool
    private var owed: [() -> Void] = []

    init(respondsAtOnce: Bool = true) {
        self.respondsAtOnce = respondsAtOnce
    }

    func respond(
        to request: DirectRequest, body: ByteBuffer?, known: Order?, peer: IPAddress?, id: RequestID,
        completion: @escaping (APIResponse) -> Void
    ) {
        let text = "bought \(body.map { String(buffer: $0) } ?? "")"
        let response = APIResponse(.accepted, ByteBuffer(string: text))
        if respondsAtOnce { completion(response) } else { owed.append { completion(response) } }
    }

    func check(_ order: OrderID, completion: @escaping (OrderCheck) -> Void) { completion(.absent) }

    func begin(_ start: LiveStart, _ sink: any LiveSink) -> LiveViewer? { nil }

    func end(_ viewer: LiveViewer) {}

    func respond() {
        let due = owed
        owed = []
        for response in due { response() }
    }
}
