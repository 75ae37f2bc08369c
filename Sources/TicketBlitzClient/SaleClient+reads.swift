extension SaleClient {
    /// The longest time for which one request waits for an order.
    static let longestWait = Duration.seconds(30)

    /// The present state of an order.
    public func order(_ ticket: String, within limit: Duration? = nil) async throws(SaleError) -> Order {
        try await send(.order(ticket), within: limit)
    }

    /// Waits until an order is in the ledger in its present state, or its state is final (``Order/isSettled``).
    ///
    /// The requests are long polls: the API answers as soon as the order changes.
    ///
    /// - Parameter wait: how long to wait at most.
    /// - Returns: the order, after `wait` as it is then.
    public func order(_ ticket: String, waitingUpTo wait: Duration) async throws(SaleError) -> Order {
        let end = ContinuousClock.now + wait
        while true {
            let left = max(.zero, ContinuousClock.now.duration(to: end))
            let part = min(left, Self.longestWait)
            let order: Order = try await send(
                .order(ticket, waiting: part), within: left + configuration.attemptTimeout,
                attemptTimeout: part + configuration.attemptTimeout)
            // A stopping process answers early; the next one waits on.
            if order.isSettled || ContinuousClock.now + .seconds(1) > end { return order }
            do {
                try await Task.sleep(for: configuration.backoff.delay(afterFailures: 1))
            } catch {
                throw .unavailable(SaleError.Failure(cause: .attempt(.cancelled), attempts: 1))
            }
        }
    }

    /// An event and its counters, which are at most 100 ms old.
    public func event(_ id: String, within limit: Duration? = nil) async throws(SaleError) -> Event {
        try await send(.event(id), within: limit)
    }

    /// A page of the events that are not archived, in the order of their ids.
    ///
    /// - Parameters:
    ///   - after: the last id of the previous page; nil for the first page.
    ///   - count: how many, 1 to 1,000.
    public func events(
        after: String? = nil, count: Int = 100, within limit: Duration? = nil
    ) async throws(SaleError) -> [Event] {
        let page: EventPage = try await send(.events(after: after, count: count), within: limit)
        return page.events
    }
}
