import Foundation
import TestSupport

@testable import Domain

/// Clients that buy, confirm, cancel and read orders, each with its own seed, and record the outcomes.
struct Load: Sendable {
    private static let patience = Duration.seconds(4)

    let history: History
    let ports: [Int]
    let seed: UInt64

    /// Runs until the task is cancelled.
    func run(clients: Int = 10) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<clients {
                group.addTask {
                    var client = LoadClient(load: self, number: number)
                    while !Task.isCancelled { await client.step() }
                }
            }
        }
    }

    /// Sends a request, and returns its outcome.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, key: String? = nil, port: Int
    ) async -> Operation.Outcome {
        let response: HTTPClient.Response
        do {
            response = try await HTTPClient(port: port).send(
                method, path, body, headers: ["Idempotency-Key": key ?? ""], within: Self.patience)
        } catch {
            return .unknown(nil)
        }
        return Self.outcome(response)
    }

    /// Sends the keys of at most 200 purchases again, and returns the outcomes.
    func replays(of purchases: [OrderID: Operation.Kind]) async throws -> [OrderID: Operation.Outcome] {
        let client = PatientClient(ports: ports)
        let responses = try await purchases.prefix(200).inParallel { id, kind -> (OrderID, Operation.Outcome) in
            let response: HTTPClient.Response? =
                switch kind {
                case .buy(let event, let quantity, let customer, let key?):
                    try? await client.buy(event, quantity: quantity, customer: customer, key: key)
                case .join(let event, let quantity, let customer, let key):
                    try? await client.send(
                        "POST", "/events/\(event)/waitlist", #"{"quantity":\#(quantity),"customer":"\#(customer)"}"#,
                        key: key)
                case .buy, .confirm, .cancel, .read: nil
                }
            return (id, response.map(Self.outcome) ?? .unknown(nil))
        }
        return Dictionary(responses) { $1 }
    }

    static func outcome(_ response: HTTPClient.Response) -> Operation.Outcome {
        let named = response.text("ticket_id").flatMap { OrderID($0) }
        let code = response.text("code") ?? "\(response.status)"
        if (200..<300).contains(response.status), let named,
            let state = response.text("status").flatMap(OrderState.init(rawValue:))
        {
            return .ok(named, state)
        }
        // A 503 states whether anything may have been changed.
        if response.status == 503, code == "store-unavailable" {
            let detail = response.text("detail") ?? ""
            return detail.contains("nothing was changed") ? .refused(code) : .unknown(named)
        }
        return response.status == 500 ? .unknown(named) : .refused(code)
    }
}

private struct LoadClient {
    let load: Load
    let number: Int
    var generator: SeededGenerator
    var orders: [OrderID] = []
    var purchases = 0

    init(load: Load, number: Int) {
        self.load = load
        self.number = number
        generator = SeededGenerator(seed: load.seed &* 1000 &+ UInt64(number))
    }

    mutating func step() async {
        let port = load.ports.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6: await buy(port)
        case 6: await change("confirm", port)
        case 7: await change("cancel", port)
        default: await read(port)
        }
    }

    private mutating func buy(_ port: Int) async {
        purchases += 1
        let event = Bool.random(using: &generator) ? Cluster.plain : Cluster.scarce
        let quantity = Int.random(in: 1...2, using: &generator)
        let customer = "c\(Int.random(in: 0..<60, using: &generator))"
        let key = Bool.random(using: &generator) ? "\(number)-\(purchases)" : nil
        let kind = Operation.Kind.buy(event: event, quantity: quantity, customer: customer, key: key)
        let body = #"{"event":"\#(event)","quantity":\#(quantity),"customer":"\#(customer)"}"#
        var outcome = await load.send("POST", "/buy", body, key: key, port: port)
        load.history.add(kind, outcome)
        // With a key, a repeated request returns the same order from any API.
        for attempt in 0..<3 {
            guard key != nil, case .unknown = outcome, !Task.isCancelled else { break }
            outcome = await load.send(
                "POST", "/buy", body, key: key, port: load.ports[attempt % load.ports.count])
            load.history.add(kind, outcome)
        }
        if case .ok(let id, _) = outcome {
            orders.append(id)
            if orders.count > 30 { orders.removeFirst() }
        }
    }

    private mutating func change(_ transition: String, _ port: Int) async {
        guard let id = orders.randomElement(using: &generator) else { return }
        let outcome = await load.send("POST", "/orders/\(id)/\(transition)", port: port)
        load.history.add(transition == "confirm" ? .confirm(id) : .cancel(id), outcome)
    }

    private mutating func read(_ port: Int) async {
        guard let id = orders.randomElement(using: &generator) else { return }
        let outcome = await load.send("GET", "/orders/\(id)", port: port)
        // The service must find every acknowledged order.
        load.history.add(.read(id), outcome)
    }
}
