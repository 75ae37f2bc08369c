import NIOConcurrencyHelpers
import TestSupport

@testable import Domain
@testable import Runtime

/// Customers of an event that is sold out and has a waiting list: they buy, join the list, leave it, confirm offers, give them back or
/// let them lapse, and cancel what they have confirmed, so that units come back.
struct ListLoad: Sendable {
    static let event = "list"
    private static let patience = Duration.seconds(4)

    let history: ListHistory
    let orders: History
    let cluster: Cluster
    let seed: UInt64
    private let closing = NIOLockedValueBox(false)

    init(history: ListHistory, orders: History, cluster: Cluster, seed: UInt64) {
        self.history = history
        self.orders = orders
        self.cluster = cluster
        self.seed = seed
    }

    /// The first API is behind its proxy.
    private var ports: [Int] { [cluster.clientProxy.port] + cluster.apiPorts.dropFirst() }
    var isClosing: Bool { closing.withLockedValue { $0 } }

    /// From now on nobody buys or joins, and everybody leaves.
    func close() { closing.withLockedValue { $0 = true } }

    /// Runs until everybody has left, or the task is cancelled.
    func run(agents: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<agents {
                group.addTask {
                    var agent = ListAgent(load: self, number: number)
                    while !Task.isCancelled, !agent.isDone { await agent.step() }
                }
            }
        }
    }

    /// A purchase or a new place.
    func make(_ kind: Operation.Kind) async -> Operation.Outcome {
        let path: String
        let wanted: (quantity: Int, customer: String, key: String?)
        var body = "{"
        switch kind {
        case .buy(let event, let quantity, let customer, let key):
            (path, wanted) = ("/buy", (quantity, customer, key))
            body += #""event":"\#(event)","#
        case .join(let event, let quantity, let customer, let key):
            (path, wanted) = ("/events/\(event)/waitlist", (quantity, customer, key))
        case .confirm, .cancel, .read: return .unknown(nil)
        }
        body += #""quantity":\#(wanted.quantity),"customer":"\#(wanted.customer)"}"#
        let response = try? await HTTPClient(port: ports.randomElement() ?? 0).send(
            "POST", path, body, headers: ["Idempotency-Key": wanted.key ?? ""], within: Self.patience)
        let outcome = response.map(Load.outcome) ?? .unknown(nil)
        orders.add(kind, outcome)
        return outcome
    }

    /// A request on an order.
    func send(_ kind: ListRequest.Kind, _ method: String, _ path: String, _ id: OrderID) async -> ListRequest.Outcome {
        let begun = Timestamp.now.milliseconds
        let response = try? await HTTPClient(port: ports.randomElement() ?? 0).send(
            method, path, within: Self.patience)
        let outcome = response.map(Load.outcome) ?? .unknown(nil)
        var seen = ListRequest(
            kind: kind, order: id, outcome: .unknown, begun: begun, ended: Timestamp.now.milliseconds)
        switch outcome {
        case .ok(_, let state):
            seen.outcome = .order(
                state, position: response?.integer("position"),
                expiresAt: response?.text("expires_at").flatMap { RFC3339.timestamp($0) }?.milliseconds)
        case .refused(let code): seen.outcome = .refused(code)
        case .unknown: break
        }
        history.add(seen)
        switch kind {
        case .look: orders.add(.read(id), outcome)
        case .confirm: orders.add(.confirm(id), outcome)
        case .leave: orders.add(.cancel(id), outcome)
        }
        return seen.outcome
    }
}
