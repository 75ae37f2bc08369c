extension HTTPClient {
    /// Sends a request, and retries while the response is `recovering`, for 20 s at most.
    package func sendUntilRecovered(_ method: String, _ path: String, _ body: String? = nil) async throws -> Response {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            let response = try await send(method, path, body)
            guard response.text("code") == "recovering", ContinuousClock.now < deadline else { return response }
        }
    }
}
