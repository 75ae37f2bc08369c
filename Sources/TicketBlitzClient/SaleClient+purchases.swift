extension SaleClient {
    /// Claims tickets, with one idempotency key in all attempts, so that one call makes one order at most.
    ///
    /// - Parameters:
    ///   - event: the id of the event; nil for the API's default event, `demo`.
    ///   - customer: required if the event has a limit for each customer; nil with a customer token.
    ///   - pass: the ``RoomPlace/pass`` of the event's waiting room, if it has one. The customer is the one who joined. A call that
    ///     is repeated with its key needs its pass, and finds its order also after the end of the pass.
    ///   - key: a program that may end before the call does keeps the key first, and repeats the call with it: within 24 hours
    ///     that leads to the same order.
    ///   - limit: how long the call may take; nil for ``Configuration/timeout``.
    /// - Throws: ``SaleError/refused(_:)`` if there is no order; ``SaleError/outcomeUnknown(_:)`` if there may be one, which the
    ///   same call with the same key finds; ``SaleError/unavailable(_:)`` if there is none, because the API cannot sell now.
    public func buy(
        _ event: String? = nil, quantity: Int = 1, customer: String? = nil, pass: String? = nil,
        key: IdempotencyKey = IdempotencyKey(), within limit: Duration? = nil
    ) async throws(SaleError) -> Claim {
        let request = APIRequest.buy(
            event, quantity: quantity, customer: customer, key: key, token: configuration.customerToken, pass: pass)
        return try await send(request, within: limit) { response in
            var claim = try response.decoded(Claim.self)
            claim.isReplayed = response.isReplayed
            return claim
        }
    }

    /// Confirms a held order: it is sold. Repeating it changes nothing.
    ///
    /// - Throws: ``SaleError/refused(_:)`` with ``Problem/Code/holdExpired`` if it is too late, and with
    ///   ``Problem/Code/orderState`` if the order cannot be confirmed.
    /// - Returns: the order, without ``Order/isPersisted``.
    @discardableResult
    public func confirm(_ ticket: String, within limit: Duration? = nil) async throws(SaleError) -> Order {
        try await send(.confirm(ticket), within: limit)
    }

    /// Cancels a held or confirmed order: its units are for sale again. Repeating it changes nothing.
    ///
    /// - Throws: ``SaleError/refused(_:)`` with ``Problem/Code/orderState`` if the order cannot be cancelled. With a
    ///   ``Problem/retryAfter`` it is pending, and can be cancelled once it is confirmed.
    /// - Returns: the order, without ``Order/isPersisted``.
    @discardableResult
    public func cancel(_ ticket: String, within limit: Duration? = nil) async throws(SaleError) -> Order {
        try await send(.cancel(ticket), within: limit)
    }
}
