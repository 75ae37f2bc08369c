import TestSupport

@testable import Timing

/// A client that repeats a request, to each API in turn, until the response is not a 503.
struct PatientClient: Sendable {
    private static let patience = Duration.seconds(4)

    let ports: [Int]

    /// - Parameter seconds: the time after which the last response is returned or the last error is thrown.
    func send(
        _ method: String, _ path: String, _ body: String? = nil, key: String = "", within seconds: Double = 30
    ) async throws -> HTTPClient.Response {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var turn = Int.random(in: 0..<ports.count)
        while true {
            turn = (turn + 1) % ports.count
            do {
                let response = try await HTTPClient(port: ports[turn]).send(
                    method, path, body, headers: ["Idempotency-Key": key], within: Self.patience)
                if response.status != 503 || ContinuousClock.now > deadline { return response }
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func buy(
        _ event: String, quantity: Int = 1, customer: String, key: String = "", within seconds: Double = 30
    ) async throws -> HTTPClient.Response {
        let body = #"{"event":"\#(event)","quantity":\#(quantity),"customer":"\#(customer)"}"#
        return try await send("POST", "/buy", body, key: key, within: seconds)
    }
}

extension Sequence where Element: Sendable {
    /// Calls `body` with each element, with at most `width` concurrent calls.
    ///
    /// - Returns: the results in the order of their completion.
    func inParallel<Value: Sendable>(
        _ width: Int = 20, _ body: @escaping @Sendable (Element) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { group in
            var values: [Value] = []
            for (index, element) in enumerated() {
                if index >= width, let value = try await group.next() { values.append(value) }
                group.addTask { try await body(element) }
            }
            for try await value in group { values.append(value) }
            return values
        }
    }
}
