import Domain
import Engine
import Logging
import NIOCore
import RedisClient
import RedisSchema
import Runtime

/// Responds to direct requests. Used on one event loop only.
protocol DirectResponding: AnyObject {
    var writer: ResponseWriter { get }

    /// Responds to a request. The completion is called exactly once, on the event loop, perhaps before this returns.
    ///
    /// - Parameters:
    ///   - known: the order that the request reads, as it was last read; the response if the stores fail.
    ///   - peer: the address that the connection comes from.
    func respond(
        to request: DirectRequest, body: ByteBuffer?, known: Order?, peer: IPAddress?, id: RequestID,
        completion: @escaping (APIResponse) -> Void)

    /// Reads an order that a request waits for. The completion is called exactly once, on the event loop.
    func check(_ order: OrderID, completion: @escaping (OrderCheck) -> Void)

    /// Sends what follows the first message of a stream; nil if the service stops.
    func begin(_ start: LiveStart, _ sink: any LiveSink) -> LiveViewer?

    /// Sends nothing more.
    func end(_ viewer: LiveViewer)
}

/// An order that a request waits for, when it is looked at.
enum OrderCheck: Hashable, Sendable {
    case present(Order)
    case absent
    /// A store failed.
    case unknown

    /// Whether waiting does not help: the order is final or persisted, or does not exist.
    var isSettled: Bool {
        switch self {
        case .present(let order): order.state.isFinal || order.isPersisted
        case .absent: true
        case .unknown: false
        }
    }
}

/// Responds to the requests of a rush on one event loop: without a task, a hop for each request, or middleware. Used on its
/// event loop only. The router's routes for the same requests respond with it too.
final class DirectResponder: DirectResponding {
    typealias Completion = (APIResponse) -> Void

    let orders: OrderService
    let writer: ResponseWriter
    private let events: EventViews
    let feed: LiveFeed
    private let viewers: LiveViewers
    let eventLoop: any EventLoop
    let joins: RoomJoins
    let joinRelay: GroupRelay<JoinScript>
    private let claims: ClaimRelay
    let reads: OrderReads
    private var refusals = RecentRefusals()
    private var random = RandomPool()
    private var tally = PurchaseTally()
    /// Events that count the orders or holds of client addresses, of those that were bought from lately.
    private var addressEvents: Set<EventID> = []
    private static let addressEventLimit = 1000

    init(
        _ orders: OrderService, _ joins: RoomJoins, _ looks: Looks, _ configuration: ConnectionState.Configuration,
        on eventLoop: any EventLoop
    ) {
        self.joins = joins
        joinRelay = orders.inventory.makeJoinRelay(on: eventLoop)
        writer = ResponseWriter(keepAlive: configuration.keepAlive)
        self.orders = orders
        events = looks.events
        feed = looks.feed
        self.eventLoop = eventLoop
        claims = orders.inventory.makeClaimRelay(on: eventLoop)
        let reads = OrderReads(orders.inventory, on: eventLoop)
        self.reads = reads
        viewers = LiveViewers(
            looks.feed, orders: looks.orders, timeLimit: configuration.streamTimeout, on: eventLoop
        ) { order, completion in
            Self.check(order, reads, orders.lookup, on: eventLoop, completion: completion)
        }
        looks.feed.add(viewers, on: eventLoop)
    }

    func respond(
        to request: DirectRequest, body: ByteBuffer?, known: Order? = nil, peer: IPAddress?, id: RequestID,
        completion: @escaping Completion
    ) {
        switch request {
        case .buy(let headers):
            let purchase: Purchase
            do throws(Problem) {
                purchase = try orders.purchase(headers, body: body ?? ByteBuffer(), using: &random)
            } catch {
                return finish(APIResponse(error), completion)
            }
            buy(
                purchase, from: ClientSource(peer: peer, forwardedFor: headers.forwardedFor), id: id,
                completion: completion)
        case .order(let order, let wait):
            read(order, wait, known: known, id: id, completion: completion)
        case .join(let event, let headers):
            join(event, headers, body: body ?? ByteBuffer(), peer: peer, id: id, completion)
        case .place(let text): look(at: text, id: id, completion)
        case .live(let request):
            first(of: request, id: id) { completion(APIResponse($0, to: request)) }
        case .event(let event, let ifNoneMatch):
            view(event) { [logger = orders.logger] outcome in
                completion(APIResponse(outcome, of: event, ifNoneMatch: ifNoneMatch, id: id, logger: logger))
            }
        }
    }

    func begin(_ start: LiveStart, _ sink: any LiveSink) -> LiveViewer? { viewers.begin(start, sink) }

    func end(_ viewer: LiveViewer) { viewers.end(viewer) }

    /// The view of an event. The completion is called on the event loop.
    func view(_ event: EventID, completion: @escaping (EventSnapshot.Outcome) -> Void) {
        let bound = NIOLoopBound(completion, eventLoop: eventLoop)
        events.look(at: event) { [eventLoop] outcome in
            if eventLoop.inEventLoop {
                bound.value(outcome)
            } else {
                eventLoop.execute { bound.value(outcome) }
            }
        }
    }

    /// Reads an order from Redis. If Redis does not have it or does not respond, a task reads the ledger.
    private func read(
        _ order: OrderID, _ wait: WaitPreference, known: Order?, id: RequestID, completion: @escaping Completion
    ) {
        reads.read(order) { record in
            if case .success(let order?) = record { return completion(APIResponse(order, wait)) }
            self.respond(with: completion, id: id) { orders in
                do {
                    return try await orders.response(order, wait, after: record)
                } catch {
                    if let known, !(error is Problem) { return APIResponse(known, wait) }
                    throw error
                }
            }
        }
    }

    func check(_ order: OrderID, completion: @escaping (OrderCheck) -> Void) {
        Self.check(order, reads, orders.lookup, on: eventLoop, completion: completion)
    }

    private static func check(
        _ order: OrderID, _ reads: OrderReads, _ lookup: OrderLookup, on eventLoop: any EventLoop,
        completion: @escaping (OrderCheck) -> Void
    ) {
        reads.look(at: order) { record in
            if case .success(let order?) = record { return completion(.present(order)) }
            let bound = NIOLoopBound(completion, eventLoop: eventLoop)
            Task {
                let check = await lookup.check(order, after: record)
                eventLoop.execute { bound.value(check) }
            }
        }
    }

    /// Forgets what Redis has said about an event.
    func eventHasChanged(_ event: EventID) {
        refusals.remove(event)
        addressEvents.remove(event)
    }

    // MARK: Purchases

    private func buy(
        _ purchase: Purchase, from client: ClientSource, id: RequestID, completion: @escaping Completion
    ) {
        let now = NIODeadline.now()
        if let refusal = refusals.refusal(of: purchase, at: now) {
            orders.metrics.record(.success(.refused(refusal)), after: .zero)
            return finish(APIResponse(Problem(refusal, event: purchase.event)), completion)
        }
        if purchase.customer == nil, !addressEvents.isEmpty, addressEvents.contains(purchase.event) {
            var named = purchase
            named.client = orders.address(of: client)
            return claim(named, from: client, since: now, id: id, completion: completion)
        }
        claim(purchase, from: client, since: now, id: id, completion: completion)
    }

    private func claim(
        _ purchase: Purchase, from client: ClientSource, since start: NIODeadline, id: RequestID,
        completion: @escaping Completion
    ) {
        claims.claim(purchase) { result in
            if case .success(.clientRequired) = result, purchase.client == nil {
                self.claimAgain(purchase, from: client, since: start, id: id, completion: completion)
            } else {
                self.claimed(purchase, result, from: client, since: start, id: id, completion: completion)
            }
        }
    }

    /// Claims with the client's address, as the event requires.
    private func claimAgain(
        _ purchase: Purchase, from client: ClientSource, since start: NIODeadline, id: RequestID,
        completion: @escaping Completion
    ) {
        if addressEvents.count >= Self.addressEventLimit { addressEvents = [] }
        addressEvents.insert(purchase.event)
        var named = purchase
        named.client = orders.address(of: client)
        claim(named, from: client, since: start, id: id, completion: completion)
    }

    private func claimed(
        _ purchase: Purchase, _ result: Result<ClaimOutcome, RedisError>, from client: ClientSource,
        since start: NIODeadline, id: RequestID, completion: @escaping Completion
    ) {
        orders.metrics.record(result, after: NIODeadline.now() - start)
        switch result {
        case .success(.refused(.eventUnknown)), .success(.refused(.recovering)):
            // Redis may have lost the event, or a reset may have been interrupted. The ledger has the event.
            finish(with: completion, id: id) { orders in
                var named = purchase
                named.client = orders.address(of: client)
                return try await orders.restoreAndClaim(named, id: id)
            }
        case .success(.clientRequired):
            finish(APIResponse(Problem(Refusal.recovering, event: purchase.event)), completion)
        case .success(.inLedger(let first)):
            finish(with: completion, id: id) { orders in try await orders.replay(first, of: purchase) }
        case .success(.refused(let refusal)):
            refusals.note(.refused(refusal), of: purchase, sentAt: start)
            finish(APIResponse(Problem(refusal, event: purchase.event)), completion)
        case .success(.accepted(let acceptance)):
            refusals.note(.accepted(acceptance), of: purchase, sentAt: start)
            finish(APIResponse(accepted: purchase, as: acceptance), completion)
        case .failure(let error):
            finish(APIResponse(orders.problem(of: error, claiming: purchase, id: id)), completion)
        }
    }

    /// Counts a purchase and responds to it. Each purchase ends here once.
    private func finish(_ response: APIResponse, _ completion: Completion) {
        tally.note(response)
        completion(response)
    }

    /// The same with the result of a task.
    private func finish(
        with completion: @escaping Completion, id: RequestID,
        _ body: @escaping @Sendable (OrderService) async throws -> APIResponse
    ) {
        respond(with: { self.finish($0, completion) }, id: id, body)
    }

    /// The purchases since the last call.
    func takeTally() -> PurchaseTally {
        defer { tally = PurchaseTally() }
        return tally
    }

    /// Responds with the result of a task.
    func respond(
        with completion: @escaping Completion, id: RequestID,
        _ body: @escaping @Sendable (OrderService) async throws -> APIResponse
    ) {
        let bound = NIOLoopBound(completion, eventLoop: eventLoop)
        Task { [orders, eventLoop] in
            let response: APIResponse
            do {
                response = try await body(orders)
            } catch {
                response = APIResponse(Problem(error, id: id, logger: orders.logger))
            }
            eventLoop.execute { bound.value(response) }
        }
    }
}
