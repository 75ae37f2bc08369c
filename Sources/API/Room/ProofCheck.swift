import AsyncHTTPClient
import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Runtime
import ServiceLifecycle

/// Asks a service of the shop whether somebody may join a waiting room, for example because it has solved a puzzle.
final class ProofCheck: Sendable {
    /// Who wants to join.
    struct Question: Sendable {
        var event: EventID
        var customer: String?
        /// The address of the client; nil if it has none.
        var address: String?
        /// The header `Admission-Proof`.
        var proof: String?
    }

    /// Questions that are asked at the same time. Beyond that, the room is busy.
    private static let limit = 1000
    /// In bytes, of an answer that is read, so that its connection can be used again.
    private static let readLimit = 16 * 1024

    private let settings: ProofSettings
    private let client: HTTPClient
    private let present = NIOLockedValueBox(0)

    init(_ settings: ProofSettings, group: any EventLoopGroup) {
        self.settings = settings
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(Int64(settings.timeout))),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    /// Must be called once, when no more questions are asked.
    func close() async { try? await client.shutdown() }

    /// Throws a problem if the service says no, or says nothing and `PROOF_FAILURE` is `closed`.
    func check(_ question: Question) async throws(Problem) {
        let isBusy = present.withLockedValue { present in
            guard present < Self.limit else { return true }
            present += 1
            return false
        }
        guard !isBusy else { throw .roomBusy }
        defer { present.withLockedValue { $0 -= 1 } }
        switch await ask(question) {
        case 200, 204: return
        case 403: throw Problem(.proofRefused, "The shop does not let this client join.")
        default:
            guard settings.failure == .open else {
                throw Problem(
                    .proofUnavailable,
                    "The service that says who may join does not answer; nothing was changed. Try again.",
                    retryAfterSeconds: 1)
            }
        }
    }

    /// The status of the answer; nil if there is none in time.
    private func ask(_ question: Question) async -> UInt? {
        var object = JSONObject()
        object["event"] = .string(question.event.description)
        object["customer"] = question.customer.map { .string($0) }
        object["address"] = question.address.map { .string($0) }
        object["proof"] = question.proof.map { .string($0) }
        var request = HTTPClientRequest(url: settings.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "TicketBlitz/\(Release.version)")
        request.body = .bytes(object.bytes)
        let deadline = NIODeadline.now() + .seconds(Int64(settings.timeout))
        guard let response = try? await client.execute(request, deadline: deadline) else { return nil }
        await Self.readRest(of: response, before: deadline)
        return response.status.code
    }

    /// Reads the body, which says nothing, so that the connection can be used again. The deadline of AsyncHTTPClient ends with
    /// the head of the response: a service that never ends its body would keep the request.
    private static func readRest(of response: HTTPClientResponse, before deadline: NIODeadline) async {
        let rest = max(deadline - .now(), .zero)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await response.body.collect(upTo: readLimit) }
            group.addTask { try? await Task.sleep(for: .nanoseconds(rest.nanoseconds)) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Closes the connections of the check when the server has stopped.
struct ProofCheckService: Service {
    let check: ProofCheck

    func run() async throws {
        try? await gracefulShutdown()
        await check.close()
    }
}
