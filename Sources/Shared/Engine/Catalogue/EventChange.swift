import Domain

/// What an organiser changes about an event; nil leaves a thing as it is.
package struct EventChange: Hashable, Sendable {
    package var name: String?
    package var capacity: Int?
    package var maxQuantity: Int?
    /// `.some(nil)` takes the limit, the hold time or the time away.
    package var customerLimit: Int??
    package var holdSeconds: Int??
    package var opensAt: Timestamp??
    package var closesAt: Timestamp??
    package var paused: Bool?

    package init(
        name: String? = nil, capacity: Int? = nil, maxQuantity: Int? = nil, customerLimit: Int?? = nil,
        holdSeconds: Int?? = nil, opensAt: Timestamp?? = nil, closesAt: Timestamp?? = nil, paused: Bool? = nil
    ) {
        self.name = name
        self.capacity = capacity
        self.maxQuantity = maxQuantity
        self.customerLimit = customerLimit
        self.holdSeconds = holdSeconds
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.paused = paused
    }

    /// The terms with this change made; for a new event, the capacity must be given.
    package func applied(to present: EventTerms?, of id: EventID) throws(CatalogueError) -> EventTerms {
        guard let capacity = capacity ?? present?.capacity else {
            throw .invalid(field: "capacity", "a new event needs a capacity")
        }
        var terms = present ?? EventTerms(name: id.description, capacity: capacity)
        terms.capacity = capacity
        if let name { terms.name = name }
        if let maxQuantity { terms.maxQuantity = maxQuantity }
        if let customerLimit { terms.customerLimit = customerLimit }
        if let holdSeconds { terms.holdSeconds = holdSeconds }
        if let opensAt { terms.opensAt = opensAt }
        if let closesAt { terms.closesAt = closesAt }
        if let paused { terms.paused = paused }
        if let opens = terms.opensAt, let closes = terms.closesAt, opens >= closes {
            throw .invalid(field: "closes_at", "the event must close after it opens")
        }
        return terms
    }
}

/// Why a change to an event was refused; nothing was changed but where it says so.
package enum CatalogueError: Error, Hashable, Sendable {
    case eventUnknown
    case invalid(field: String, String)
    /// The capacity is below what is sold, held or on its way; how much that is, where it is known.
    case capacityInUse(claimed: Int?)
    /// Units that were given back have not reached the ledger yet, so the capacity cannot be lowered at the moment.
    case releasesInFlight
    /// The event is not on sale in Redis at the moment, so what is claimed is not known.
    case recovering
    /// The one case in which something was changed: it is in the ledger, but Redis could not be told yet.
    case notInEffectYet(reason: String)
}
