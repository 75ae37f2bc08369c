import TestSupport

@testable import Timing

/// A client that asks again, each API in turn, until it is answered otherwise than with 503.
struct PatientClient: Sendable {
    private static let patience = Duration.seconds(4)

    let ports: [Int]

    /// - Parameter seconds: after which the last answer, or the last failure, stands.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, key: String = "", within seconds: Double = 30
    ) async throws -> HTTPClient.Answer {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var turn = Int.random(in: 0..<ports.count)
        while true {
            turn = (turn + 1) % ports.count
            do {
                let answer = try await HTTPClient(port: ports[turn]).send(
                    method, path, body, headers: ["Idempotency-Key": key], within: Self.patience)
                if answer.status != 503 || ContinuousClock.now > deadline { return answer }
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func buy(
        _ event: String, quantity: Int = 1, customer: String, key: String = "", within seconds: Double = 30
    ) async throws -> HTTPClient.Answer {
        let body = #"{"event":"\#(event)","quantity":\#(quantity),"customer":"\#(customer)"}"#
        return try await send("POST", "/buy", body, key: key, within: seconds)
    }
}

extension Sequence where Element: Sendable {
    /// Does something with each element, so many at a time; the results in the order in which they come.
    func inParallel<Value: Sendable>(
        _ width: Int = 20, _ body: @escaping @Sendable (Element) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { group in
            var values: [Value] = []
            for (place, element) in enumerated() {
                if place >= width, let value = try await group.next() { values.append(value) }
                group.addTask { try await body(element) }
            }
            for try await value in group { values.append(value) }
            return values
        }
    }
}
