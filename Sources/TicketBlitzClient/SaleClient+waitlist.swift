extension SaleClient {
    /// Takes a place on the waiting list of an event, with one idempotency key in all attempts. The place survives what an order
    /// survives.
    ///
    /// - Parameters:
    ///   - customer: has one place of an event; nil with a customer token.
    ///   - key: as for ``buy(_:quantity:customer:pass:key:within:)``; the same key of a purchase is another one.
    /// - Throws: ``SaleError/refused(_:)`` if there is no place: with ``Problem/Code/available`` if the units can be bought, and
    ///   with ``Problem/Code/onWaitlist`` if the customer has a place; ``SaleError/outcomeUnknown(_:)`` if there may be one, which
    ///   the same call with the same key finds.
    /// - Returns: the place, which can have its offer already if the key is repeated.
    public func joinWaitlist(
        _ event: String, quantity: Int = 1, customer: String? = nil, key: IdempotencyKey = IdempotencyKey(),
        within limit: Duration? = nil
    ) async throws(SaleError) -> WaitlistPlace {
        let request = APIRequest.joinWaitlist(
            event, quantity: quantity, customer: customer, key: key, token: configuration.customerToken)
        return try await send(request, within: limit) { try WaitlistPlace($0) }
    }

    /// The present state of a place on a waiting list, and its position.
    ///
    /// An offer is held for the event's `offer_seconds`; who asks needs to ask more often. A shop learns of it by the webhook
    /// `order.held`.
    public func waitlistPlace(_ ticket: String, within limit: Duration? = nil) async throws(SaleError) -> WaitlistPlace
    {
        try await send(.waitlistPlace(ticket), within: limit) { try WaitlistPlace($0) }
    }

    /// Gives a place or an offer back: the order is cancelled. Repeating it changes nothing.
    ///
    /// - Throws: ``SaleError/refused(_:)`` with ``Problem/Code/orderState`` if the order is confirmed, which
    ///   ``cancel(_:within:)`` cancels.
    /// - Returns: the order, without ``Order/isPersisted``.
    @discardableResult
    public func leaveWaitlist(_ ticket: String, within limit: Duration? = nil) async throws(SaleError) -> Order {
        try await send(.leaveWaitlist(ticket), within: limit)
    }
}
