import TestSupport

@testable import Domain

/// Some of the customers of a waiting list, one request at a time. A customer who has come to an end is followed by another one.
struct ListAgent {
    private struct Customer {
        /// What to do with an offer or a hold.
        enum Plan: CaseIterable { case confirm, giveBack, lapse }

        let name: String
        let quantity: Int
        let plan: Plan
        /// Whether the next request is for a place on the list.
        var joins = false
        /// The number of the request without an outcome, or of the next one.
        var request = 0
        var isUnknown = false
        var order: OrderID?
        var state = OrderState.waiting
        var isDone = false
    }

    private static let size = 4

    private let load: ListLoad
    private let number: Int
    private var made = 0
    private var customers: [Customer] = []
    private var generator: SeededGenerator

    init(load: ListLoad, number: Int) {
        self.load = load
        self.number = number
        generator = SeededGenerator(seed: load.seed &* 1000 &+ 500 &+ UInt64(number))
        for _ in 0..<Self.size { customers.append(nextCustomer()) }
    }

    var isDone: Bool { customers.allSatisfy(\.isDone) }

    private mutating func nextCustomer() -> Customer {
        made += 1
        return Customer(
            name: "\(number)-\(made)", quantity: Int.random(in: 1...3, using: &generator),
            plan: Customer.Plan.allCases.randomElement(using: &generator) ?? .confirm)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    mutating func step() async {
        if let index = customers.indices.filter({ !customers[$0].isDone }).randomElement(using: &generator) {
            if let id = customers[index].order { await act(index, id) } else { await begin(index) }
        }
        try? await Task.sleep(for: .milliseconds(20))
    }

    /// Buys, or takes a place after a refusal.
    private mutating func begin(_ index: Int) async {
        let customer = customers[index]
        // A request without an outcome may have made an order.
        if load.isClosing, !customer.isUnknown { return customers[index].isDone = true }
        let key = "\(customer.name)-\(customer.request)"
        let kind: Operation.Kind =
            customer.joins
            ? .join(event: ListLoad.event, quantity: customer.quantity, customer: "place-\(customer.name)", key: key)
            : .buy(event: ListLoad.event, quantity: customer.quantity, customer: "walkin-\(customer.name)", key: key)
        let outcome = await load.make(kind)
        customers[index].isUnknown = false
        switch outcome {
        case .ok(let id, let state): (customers[index].order, customers[index].state) = (id, state)
        case .unknown: customers[index].isUnknown = true
        case .refused(let code):
            customers[index].request += 1
            // Not while the event is being recovered.
            switch code {
            case "sold-out", "all-held", "insufficient-stock": customers[index].joins = true
            case "available": customers[index].joins = false
            default: break
            }
        }
    }

    private mutating func act(_ index: Int, _ id: OrderID) async {
        let (customer, isClosing) = (customers[index], load.isClosing)
        let outcome: ListRequest.Outcome
        switch customer.state {
        case .waiting where isClosing || chance(4): outcome = await load.send(.leave, "DELETE", "/waitlist/\(id)", id)
        case .held where customer.plan == .confirm && chance(50):
            outcome = await load.send(.confirm, "POST", "/orders/\(id)/confirm", id)
        case .held where customer.plan == .giveBack || isClosing:
            outcome =
                customer.joins
                ? await load.send(.leave, "DELETE", "/waitlist/\(id)", id)
                : await load.send(.leave, "POST", "/orders/\(id)/cancel", id)
        case .confirmed where isClosing: return customers[index].isDone = true
        case .confirmed where chance(25): outcome = await load.send(.leave, "POST", "/orders/\(id)/cancel", id)
        case .waiting, .held, .pending, .confirmed:
            outcome = await load.send(.look, "GET", customer.joins ? "/waitlist/\(id)" : "/orders/\(id)", id)
        case .cancelled, .expired, .rejected: return customers[index] = nextCustomer()
        }
        await note(outcome, of: index, id)
    }

    private mutating func note(_ outcome: ListRequest.Outcome, of index: Int, _ id: OrderID) async {
        switch outcome {
        case .order(let state, _, _): customers[index].state = state
        // It was lost with Redis.
        case .refused("order-not-found"): customers[index] = nextCustomer()
        // For example because the hold has expired: the state is another one than the last that was seen.
        case .refused:
            let path = customers[index].joins ? "/waitlist/\(id)" : "/orders/\(id)"
            if case .order(let state, _, _) = await load.send(.look, "GET", path, id) { customers[index].state = state }
        case .unknown: break
        }
    }
}
