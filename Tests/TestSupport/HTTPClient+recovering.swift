import NIOConcurrencyHelpers

extension HTTPClient {
    /// Sends a request, and retries while the response is `recovering`, for 20 s at most.
    package func sendUntilRecovered(_ method: String, _ path: String, _ body: String? = nil) async throws -> Response {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let response = try await send(method, path, body)
            guard response.text("code") == "recovering", ContinuousClock.now < deadline else { return response }
        }
    }

    /// Waits until `/readyz` responds 200.
    ///
    /// - Parameters:
    ///   - fromManyAddresses: whether each request comes from another address, so that no rate limit refuses it.
    ///   - log: what the error has beside the last response.
    package func waitUntilReady(
        within seconds: Double = 240, fromManyAddresses: Bool = false, log: @Sendable () -> String = { "" }
    ) async throws {
        let last = NIOLockedValueBox("none")
        do {
            try await eventually("the API is ready", within: seconds) {
                let other = "127.1.\(Int.random(in: 0...255)).\(Int.random(in: 1...254))"
                let client = fromManyAddresses ? HTTPClient(port: port, from: other) : self
                do {
                    let response = try await client.send("GET", "/readyz", within: .seconds(10))
                    last.withLockedValue { $0 = "\(response.status) \(response.body)" }
                    return response.status == 200
                } catch {
                    last.withLockedValue { $0 = "\(error)" }
                    return false
                }
            }
        } catch let error as GaveUp {
            throw GaveUp(description: "\(error); the last response: \(last.withLockedValue { $0 })\n\(log())")
        }
    }
}
