import AsyncHTTPClient
import Domain
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Runtime
import Timing
import Webhooks

/// What a receiver has answered to one attempt.
struct WebhookAnswer: Hashable, Sendable {
    /// Nil if there was no answer.
    var status: Int?
    /// The beginning of the answer, or why there was none.
    var text: String
    var retryAfter: Duration?

    var isSuccess: Bool { status.map { (200..<300).contains($0) } ?? false }
    /// The receiver wants no more messages.
    var isGone: Bool { status == 410 }
    /// How long the receiver wants to get nothing at all.
    var pause: Duration? { status == 429 || status == 503 ? retryAfter : nil }
}

/// Sends the messages to one endpoint. It connects to one address, which was checked: the name is not resolved again, so that
/// it cannot have another address then. The certificate and `Host` are those of the name.
struct WebhookClient: Sendable {
    /// Includes the connection and the answer.
    static let timeout = Duration.seconds(10)
    /// In bytes, of the answer that is kept.
    private static let answerLimit = 256
    /// In bytes, of the answer that is read: after a longer one the connection is closed.
    private static let readLimit = 16 * 1024

    let url: WebhookURL
    private let client: HTTPClient

    /// - Parameter roots: certificates that are trusted besides those of the system.
    init(
        _ url: WebhookURL, address: IPAddress, concurrency: Int, roots: [NIOSSLCertificate], group: any EventLoopGroup
    ) {
        self.url = url
        var tls = TLSConfiguration.makeClientConfiguration()
        if !roots.isEmpty { tls.additionalTrustRoots = [.certificates(roots)] }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.dnsOverride = [url.host: address.description]
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = concurrency
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    /// Must be called once.
    func close() async { try? await client.shutdown() }

    /// Makes one attempt, which takes at most ``timeout``. Follows no redirect.
    func send(_ message: WebhookMessage, secrets: [WebhookSecret]) async -> WebhookAnswer {
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "TicketBlitz/\(Release.version)")
        for header in message.headers(at: .now, secrets: secrets) {
            request.headers.add(name: header.name, value: header.value)
        }
        request.body = .bytes(ByteBuffer(string: message.body))
        let deadline = NIODeadline.now() + .nanoseconds(Self.timeout.milliseconds * 1_000_000)
        do {
            let response = try await client.execute(request, deadline: deadline)
            let text = await Self.beginning(of: response, before: deadline)
            let retryAfter = response.headers.first(name: "retry-after").flatMap {
                DeliverySchedule.retryAfter($0, at: .now)
            }
            return WebhookAnswer(status: Int(response.status.code), text: text, retryAfter: retryAfter)
        } catch {
            return WebhookAnswer(status: nil, text: Self.reason(error), retryAfter: nil)
        }
    }

    /// The status has decided; so the answer is read for a moment only.
    private static func beginning(of response: HTTPClientResponse, before deadline: NIODeadline) async -> String {
        if response.headers.first(name: "content-length") == "0" || response.status == .noContent { return "" }
        let patience = max(deadline - .now(), .zero)
        return await withTaskGroup(of: String?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                var count = 0
                do {
                    for try await part in response.body {
                        count += part.readableBytes
                        bytes += part.readableBytesView.prefix(answerLimit - bytes.count)
                        if count > readLimit { break }
                    }
                } catch {}
                return shown(bytes)
            }
            group.addTask {
                try? await Task.sleep(for: .nanoseconds(patience.nanoseconds))
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? ""
        }
    }

    /// Text that PostgreSQL can store.
    private static func shown(_ bytes: [UInt8]) -> String {
        String(String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { $0 != "\0" }.map(Character.init))
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            "no answer within 10 seconds"
        case let error as HTTPClientError where error == .connectTimeout: "no connection within 5 seconds"
        case let error as HTTPClientError where error == .remoteConnectionClosed: "the connection was closed"
        default: shown(Array(String(describing: error).utf8.prefix(answerLimit)))
        }
    }
}
