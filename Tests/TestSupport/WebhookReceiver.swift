import Foundation
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server that receives webhook messages, records them and answers as a test wants.
package final class WebhookReceiver: Sendable {
    package struct Message: Sendable {
        package let path: String
        package let headers: [String: String]
        package let body: String
        /// Counts from 1, over all messages.
        package let number: Int

        package var id: String { headers["webhook-id"] ?? "" }
        package var timestamp: String { headers["webhook-timestamp"] ?? "" }
        package var signatures: [String] { (headers["webhook-signature"] ?? "").split(separator: " ").map(String.init) }
        package var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
        package var type: String { json["type"] as? String ?? "" }
        package var data: [String: Any] { json["data"] as? [String: Any] ?? [:] }
        package var order: String { data["ticket_id"] as? String ?? "" }
        package var version: Int { data["version"] as? Int ?? 0 }
    }

    package enum Answer: Sendable {
        case status(Int, headers: [String: String] = [:], body: String = "")
        /// Never answers.
        case hang
        /// Sends the head of a response with this status, and never its body.
        case unending(Int)
        /// Closes the connection with a reset.
        case reset

        package static let ok = Answer.status(200)
    }

    package typealias Answering = @Sendable (Message) async -> Answer

    private struct State {
        var messages: [Message] = []
        var present = 0
        var mostAtOnce = 0
    }

    package let port: Int
    private let scheme: String
    private let state: NIOLockedValueBox<State>
    private let channel: any Channel

    package var messages: [Message] { state.withLockedValue { $0.messages } }
    /// The largest number of messages that had no answer yet.
    package var mostAtOnce: Int { state.withLockedValue { $0.mostAtOnce } }

    package func url(_ path: String = "/hook", host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    fileprivate init(
        _ tls: NIOSSLContext?, port: Int, _ answering: @escaping Answering
    ) async throws {
        let state = NIOLockedValueBox(State())
        self.state = state
        scheme = tls == nil ? "http" : "https"
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(answering) { change in state.withLockedValue { change(&$0) } })
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    fileprivate func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answering: Answering
        private let change: @Sendable ((inout State) -> Void) -> Void
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(_ answering: @escaping Answering, _ change: @escaping @Sendable ((inout State) -> Void) -> Void) {
            self.answering = answering
            self.change = change
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body.clear()
            case .body(var part): body.writeBuffer(&part)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head else { return }
            var headers: [String: String] = [:]
            for header in head.headers { headers[header.name.lowercased()] = header.value }
            let (answering, change, channel, text) = (answering, change, context.channel, String(buffer: body))
            let message = NIOLockedValueBox<Message?>(nil)
            change { state in
                let new = Message(path: head.uri, headers: headers, body: text, number: state.messages.count + 1)
                state.messages.append(new)
                state.present += 1
                state.mostAtOnce = max(state.mostAtOnce, state.present)
                message.withLockedValue { $0 = new }
            }
            guard let received = message.withLockedValue({ $0 }) else { return }
            Task {
                let answer = await answering(received)
                change { $0.present -= 1 }
                switch answer {
                case .hang: break
                case .unending(let status):
                    let head = HTTPResponseHead(
                        version: .http1_1, status: .init(statusCode: status), headers: ["content-length": "100"])
                    try? await channel.writeAndFlush(HTTPServerResponsePart.head(head))
                case .reset:
                    _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                    try? await channel.close()
                case .status(let status, let extra, let body):
                    var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
                    for (name, value) in extra { head.headers.add(name: name, value: value) }
                    head.headers.add(name: "content-length", value: String(body.utf8.count))
                    channel.write(HTTPServerResponsePart.head(head), promise: nil)
                    channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
                    try? await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
                }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// A certificate for `localhost`, made with openssl.
package struct TestCertificate: Sendable {
    package let certificate: String
    package let key: String

    /// - Parameter dates: the first and the last day of its validity, as openssl has them.
    package static func make(
        dates: (String, String) = ("20200101000000Z", "20990101000000Z")
    ) async throws -> TestCertificate {
        let folder = try ServerProcess.makeDirectory()
        let (key, certificate) = (folder.appendingPathComponent("key.pem"), folder.appendingPathComponent("cert.pem"))
        let (request, extensions) = (folder.appendingPathComponent("r.pem"), folder.appendingPathComponent("x"))
        try "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:TRUE\n".write(
            to: extensions, atomically: true, encoding: .utf8)
        let script = """
            set -e
            openssl req -newkey rsa:2048 -nodes -keyout \(key.path) -subj /CN=localhost -out \(request.path) 2>/dev/null
            mkdir -p \(folder.path)/ca && touch \(folder.path)/ca/index
            cat > \(folder.path)/ca.conf <<END
            [ca]
            default_ca=d
            [d]
            database=\(folder.path)/ca/index
            new_certs_dir=\(folder.path)/ca
            rand_serial=yes
            default_md=sha256
            policy=p
            [p]
            commonName=supplied
            END
            openssl ca -batch -notext -selfsign -config \(folder.path)/ca.conf -keyfile \(key.path) -in \(request.path) \\
                -startdate \(dates.0) -enddate \(dates.1) -extfile \(extensions.path) -out \(certificate.path) 2>/dev/null
            """
        let run = try Run(URL(fileURLWithPath: "/bin/sh"), ["-c", script], [:])
        guard try await run.exitCode(within: 60) == 0 else {
            throw GaveUp(description: "openssl made no certificate: \(run.output)")
        }
        return TestCertificate(certificate: certificate.path, key: key.path)
    }
}

/// Starts a receiver for one test, runs `body`, and stops the receiver, also if `body` throws.
package func withWebhookReceiver<Value>(
    _ certificate: TestCertificate? = nil, port: Int = 0,
    answering: @escaping WebhookReceiver.Answering = { _ in .ok }, _ body: (WebhookReceiver) async throws -> Value
) async throws -> Value {
    let context = try certificate.map { certificate in
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificate).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))))
    }
    let receiver = try await WebhookReceiver(context, port: port, answering)
    let result: Result<Value, any Error>
    do { result = .success(try await body(receiver)) } catch { result = .failure(error) }
    await receiver.stop()
    return try result.get()
}
