import Domain
import Engine
import Logging
import NIOCore
import RedisClient
import RedisSchema

/// Responds to direct requests. Used on one event loop only.
protocol DirectResponding: AnyObject {
    var writer: ResponseWriter { get }

    /// Responds to a request. The completion is called exactly once, on the event loop, perhaps before this returns.
    func respond(
        to request: DirectRequest, body: ByteBuffer?, id: RequestID, completion: @escaping (APIResponse) -> Void)
}

/// Responds to the requests of a rush on one event loop: without a task, a hop for each request, or middleware. Used on its
/// event loop only. The router's routes for the same requests respond with it too.
final class DirectResponder: DirectResponding {
    typealias Completion = (APIResponse) -> Void

    let orders: OrderService
    let writer = ResponseWriter()
    private let eventLoop: any EventLoop
    private let claims: ClaimRelay
    private let connection: RedisConnection?
    private var refusals = RecentRefusals()
    private var random = RandomPool()

    init(_ orders: OrderService, on eventLoop: any EventLoop) {
        self.orders = orders
        self.eventLoop = eventLoop
        claims = orders.inventory.makeClaimRelay(on: eventLoop)
        connection = orders.inventory.connection(on: eventLoop)
    }

    func respond(
        to request: DirectRequest, body: ByteBuffer?, id: RequestID, completion: @escaping Completion
    ) {
        switch request {
        case .buy(let headers):
            let purchase: Purchase
            do throws(Problem) {
                purchase = try orders.purchase(headers, body: body ?? ByteBuffer(), using: &random)
            } catch {
                return completion(APIResponse(error))
            }
            buy(purchase, id: id, completion: completion)
        case .order(let order, let wait):
            read(order, wait, id: id, completion: completion)
        }
    }

    /// Reads an order from Redis. If Redis does not have it or does not respond, a task reads the ledger.
    private func read(_ order: OrderID, _ wait: WaitPreference, id: RequestID, completion: @escaping Completion) {
        guard let connection else {
            let error = RedisError(.notConnected, "the event loop has no connection", mayHaveRun: false)
            return respond(with: completion, id: id) { try await $0.response(order, wait, after: .failure(error)) }
        }
        orders.inventory.readOrder(order, on: connection) { record in
            if case .success(let order?) = record { return completion(APIResponse(order, wait)) }
            self.respond(with: completion, id: id) { try await $0.response(order, wait, after: record) }
        }
    }

    /// Forgets what Redis has said about an event.
    func eventHasChanged(_ event: EventID) { refusals.remove(event) }

    // MARK: Purchases

    private func buy(_ purchase: Purchase, id: RequestID, completion: @escaping Completion) {
        let now = NIODeadline.now()
        if let refusal = refusals.refusal(of: purchase, at: now) {
            orders.metrics.record(.success(.refused(refusal)), after: .zero)
            return completion(APIResponse(Problem(refusal, event: purchase.event)))
        }
        claims.claim(purchase) { result in
            self.claimed(purchase, result, since: now, id: id, completion: completion)
        }
    }

    private func claimed(
        _ purchase: Purchase, _ result: Result<ClaimOutcome, RedisError>, since start: NIODeadline, id: RequestID,
        completion: @escaping Completion
    ) {
        orders.metrics.record(result, after: NIODeadline.now() - start)
        switch result {
        case .success(.refused(.eventUnknown)), .success(.refused(.recovering)):
            // Redis may have lost the event, or a reset may have been interrupted. The ledger has the event.
            respond(with: completion, id: id) { orders in try await orders.restoreAndClaim(purchase, id: id) }
        case .success(let outcome):
            refusals.note(outcome, of: purchase, sentAt: start)
            completion(APIResponse(outcome, of: purchase))
        case .failure(let error):
            completion(APIResponse(orders.problem(of: error, claiming: purchase, id: id)))
        }
    }

    /// Responds with the result of a task.
    private func respond(
        with completion: @escaping Completion, id: RequestID,
        _ body: @escaping @Sendable (OrderService) async throws -> APIResponse
    ) {
        let bound = NIOLoopBound(completion, eventLoop: eventLoop)
        Task { [orders, eventLoop] in
            let response: APIResponse
            do {
                response = try await body(orders)
            } catch {
                response = APIResponse(Problem(error, id: id.description, logger: orders.logger))
            }
            eventLoop.execute { bound.value(response) }
        }
    }
}

/// The responders of all event loops.
struct DirectResponders: Sendable {
    private let all: [(eventLoop: any EventLoop, responder: NIOLoopBound<DirectResponder>)]

    /// Creates a responder for each event loop of a group.
    init(_ orders: OrderService, group: any EventLoopGroup) async throws {
        var all: [(any EventLoop, NIOLoopBound<DirectResponder>)] = []
        for eventLoop in group.makeIterator() {
            let responder = try await eventLoop.submit {
                NIOLoopBound(DirectResponder(orders, on: eventLoop), eventLoop: eventLoop)
            }.get()
            all.append((eventLoop, responder))
        }
        self.all = all
    }

    /// Tells all responders that an event has changed. Can be called on any thread.
    func eventHasChanged(_ event: EventID) {
        for (eventLoop, responder) in all { eventLoop.execute { responder.value.eventHasChanged(event) } }
    }

    /// The responder of the current event loop; nil if there is none.
    var current: DirectResponder? { all.first { $0.eventLoop.inEventLoop }?.responder.value }

    /// Responds to a request of the router.
    func response(to request: DirectRequest, body: ByteBuffer? = nil, id: RequestID) async -> APIResponse {
        let (eventLoop, responder) = all[0]
        return await withCheckedContinuation { continuation in
            eventLoop.execute {
                responder.value.respond(to: request, body: body, id: id) { continuation.resume(returning: $0) }
            }
        }
    }
}
