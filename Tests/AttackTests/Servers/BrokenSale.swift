import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

/// A flaw of a sale.
enum Flaw: String, CaseIterable, Sendable {
    case none
    case oversells
    case losesTickets
    case rejectsTickets
    case givesATicketTwice
    case forgetsKeys
    case takesStockWithoutATicket
    case miscounts
    case changesQuantities
    case neverSettles
}

/// A sale in memory with one flaw that Attack must find.
actor BrokenSale {
    private let flaw: Flaw
    private let capacity = 20
    private var sold = 0
    private var asked = 0
    private var orders: [String: Int] = [:]
    private var keys: [String: String] = [:]
    private var lastTicket: String?

    init(_ flaw: Flaw) { self.flaw = flaw }

    struct Reply: Sendable {
        var status: HTTPResponse.Status = .ok
        var body: String
    }

    func buy(key: String?) -> Reply {
        asked += 1
        if flaw != .forgetsKeys, let key, let ticket = keys[key] { return accepted(ticket) }
        let limit = flaw == .oversells ? capacity + 3 : capacity
        guard sold < limit else {
            if flaw == .takesStockWithoutATicket { sold = capacity }
            return Reply(status: .gone, body: #"{"status":410,"code":"sold-out"}"#)
        }
        if flaw == .takesStockWithoutATicket, sold == 10 {
            sold += 1
            return Reply(status: .conflict, body: #"{"status":409,"code":"insufficient-stock"}"#)
        }
        if flaw == .givesATicketTwice, sold == 5, let lastTicket {
            sold += 1
            return accepted(lastTicket)
        }
        sold += 1
        let ticket = UUID().uuidString.lowercased()
        lastTicket = ticket
        orders[ticket] = flaw == .changesQuantities && sold == 7 ? 2 : 1
        if let key { keys[key] = ticket }
        if flaw == .losesTickets, sold == 7 { orders[ticket] = nil }
        return accepted(ticket)
    }

    private func accepted(_ ticket: String) -> Reply {
        Reply(status: .accepted, body: #"{"ticket_id":"\#(ticket)","quantity":1,"status":"pending"}"#)
    }

    func order(_ ticket: String) -> Reply {
        guard let quantity = orders[ticket] else {
            return Reply(status: .notFound, body: #"{"status":404,"code":"order-not-found"}"#)
        }
        let isRejected = flaw == .rejectsTickets && ticket == lastTicket
        let state = flaw == .neverSettles ? "pending" : isRejected ? "rejected" : "confirmed"
        return Reply(
            body:
                #"{"ticket_id":"\#(ticket)","quantity":\#(quantity),"status":"\#(state)","persisted":\#(flaw != .neverSettles)}"#
        )
    }

    func event() -> Reply {
        let counted = sold - (flaw == .rejectsTickets && sold > 0 ? 1 : 0)
        let available = capacity - counted + (flaw == .miscounts && sold > 0 ? 1 : 0)
        return Reply(
            body:
                #"{"id":"demo","capacity":\#(capacity),"available":\#(available),"held":0,"pending":0,"sold":\#(counted)}"#
        )
    }

    /// Serves on a free port while `body` runs; `body` gets the port.
    func serve(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        let router = Router()
        let keyName = try #require(HTTPField.Name("Idempotency-Key"))
        router.post("/buy") { request, _ in await Self.response(self.buy(key: request.headers[keyName])) }
        router.get("/orders/:id") { _, context in
            await Self.response(self.order(context.parameters.get("id") ?? ""))
        }
        router.get("/events/:id") { _, _ in await Self.response(self.event()) }
        router.post("/reset") { _, _ in Self.response(Reply(body: "{}")) }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var quiet = Logger(label: "broken")
        quiet.logLevel = .critical
        let server = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        let services = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else { throw GaveUp(description: "no port") }
            let result: Result<Void, any Error>
            do { result = .success(try await body(port)) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
    }

    private static func response(_ reply: Reply) -> Response {
        Response(
            status: reply.status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: reply.body)))
    }
}
