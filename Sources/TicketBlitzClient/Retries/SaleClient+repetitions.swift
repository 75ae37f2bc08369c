extension SaleClient {
    /// Sends a request until a response settles it or its time is over.
    ///
    /// - Parameters:
    ///   - limit: the time for all attempts; nil for that of the configuration.
    ///   - attemptTimeout: the time for one attempt; nil for that of the configuration.
    ///   - read: makes the value from a response with a status of 200 to 299.
    func send<Value>(
        _ request: APIRequest, within limit: Duration?, attemptTimeout: Duration? = nil,
        read: (APIResponse) throws -> Value
    ) async throws(SaleError) -> Value {
        let end = ContinuousClock.now + (limit ?? configuration.timeout)
        let longest = attemptTimeout ?? configuration.attemptTimeout
        var progress = CallProgress(request)
        while true {
            let cause: SaleError.Cause
            do {
                let left = max(ContinuousClock.now.duration(to: end), .milliseconds(1))
                let response = try await attempt(request, timeout: min(longest, left))
                if response.isSuccess {
                    if let value = try? read(response) { return value }
                    cause = .unreadable(status: response.status)
                } else {
                    cause = .problem(Problem(response))
                }
            } catch {
                cause = .attempt(error)
            }
            let left = ContinuousClock.now.duration(to: end)
            switch progress.next(after: cause, left: left, backoff: configuration.backoff) {
            case .failed(let error): throw error
            case .again(let delay):
                do {
                    try await Task.sleep(for: delay)
                } catch {
                    throw progress.failure(.attempt(.cancelled))
                }
            }
        }
    }

    func send<Value: Decodable>(
        _ request: APIRequest, within limit: Duration?, attemptTimeout: Duration? = nil
    ) async throws(SaleError) -> Value {
        try await send(request, within: limit, attemptTimeout: attemptTimeout) { try $0.decoded() }
    }
}
