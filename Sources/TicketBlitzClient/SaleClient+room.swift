extension SaleClient {
    /// Joins the waiting room of an event. A customer, or a key without a customer, has one place, so repeating it changes
    /// nothing: only if the pass of the place has ended is there a new place, at the end.
    ///
    /// - Parameters:
    ///   - customer: required if the event has a limit for each customer; nil with a customer token. Only this customer can buy
    ///     with the pass.
    ///   - key: stands for the person if there is no customer. A program that may end before the call does keeps the key first:
    ///     as long as the room exists, the same call with it leads to the same place.
    ///   - proof: what the shop's own check wants to see (`PROOF_URL`).
    /// - Throws: ``SaleError/refused(_:)`` with ``Problem/Code/noRoom`` if people buy without a pass, with
    ///   ``Problem/Code/roomNotOpen`` before the lobby opens, and with ``Problem/Code/proofRefused`` if the shop says no;
    ///   ``SaleError/outcomeUnknown(_:)`` if there may be a place, which the same call with the same key finds.
    public func joinRoom(
        _ event: String, customer: String? = nil, key: IdempotencyKey = IdempotencyKey(), proof: String? = nil,
        within limit: Duration? = nil
    ) async throws(SaleError) -> RoomPlace {
        let request = APIRequest.joinRoom(
            event, customer: customer, key: key, proof: proof, token: configuration.customerToken)
        return try await send(request, within: limit) { try RoomPlace($0) }
    }

    /// The present state of a place in a waiting room, which is at most 250 ms old.
    ///
    /// ``RoomPlace/nextLook`` says when it is worth another call.
    public func roomPlace(_ place: String, within limit: Duration? = nil) async throws(SaleError) -> RoomPlace {
        try await send(.roomPlace(place), within: limit) { try RoomPlace($0) }
    }

    /// Waits until a place is admitted, or cannot be (``RoomPlace/isSettled``).
    ///
    /// The requests are long polls. If the API has too many of them it answers at once, and the call asks again when the API
    /// says.
    ///
    /// - Parameter wait: how long to wait at most.
    /// - Returns: the place, after `wait` as it is then.
    public func roomPlace(_ place: String, waitingUpTo wait: Duration) async throws(SaleError) -> RoomPlace {
        let end = ContinuousClock.now + wait
        while true {
            let start = ContinuousClock.now
            let left = max(.zero, start.duration(to: end))
            let part = min(left, Self.longestWait)
            let found = try await send(
                .roomPlace(place, waiting: part), within: left + configuration.attemptTimeout,
                attemptTimeout: part + configuration.attemptTimeout
            ) { try RoomPlace($0) }
            let now = ContinuousClock.now
            if found.isSettled || now + .seconds(1) > end { return found }
            // An answer before its time is one of a change, or of an API that could not wait.
            let hasWaited = start.duration(to: now) >= part - .seconds(1)
            let pause = hasWaited ? .zero : min(found.nextLook ?? .seconds(1), now.duration(to: end))
            do {
                try await Task.sleep(for: max(pause, configuration.backoff.delay(afterFailures: 1)))
            } catch {
                throw .unavailable(SaleError.Failure(cause: .attempt(.cancelled), attempts: 1))
            }
        }
    }
}
