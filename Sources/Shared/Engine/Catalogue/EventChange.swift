package import Domain

/// A change of an event's terms; nil keeps a term.
package struct EventChange: Hashable, Sendable {
    package var name: String?
    package var capacity: Int?
    package var maxQuantity: Int?
    /// `.some(nil)` removes the term.
    package var customerLimit: Int??
    package var holdSeconds: Int??
    package var maxOrders: Int??
    package var maxHolds: Int??
    package var holdPauseSeconds: Int??
    package var hasWaitlist: Bool?
    package var offerSeconds: Int??
    package var admissionRate: Int??
    package var passSeconds: Int?
    package var lobbyOpensAt: Timestamp??
    package var opensAt: Timestamp??
    package var closesAt: Timestamp??
    package var paused: Bool?
    package var archived: Bool?

    package init(
        name: String? = nil, capacity: Int? = nil, maxQuantity: Int? = nil, customerLimit: Int?? = nil,
        holdSeconds: Int?? = nil, maxOrders: Int?? = nil, maxHolds: Int?? = nil, holdPauseSeconds: Int?? = nil,
        hasWaitlist: Bool? = nil, offerSeconds: Int?? = nil,
        admissionRate: Int?? = nil, passSeconds: Int? = nil, lobbyOpensAt: Timestamp?? = nil,
        opensAt: Timestamp?? = nil, closesAt: Timestamp?? = nil, paused: Bool? = nil,
        archived: Bool? = nil
    ) {
        self.name = name
        self.capacity = capacity
        self.maxQuantity = maxQuantity
        self.customerLimit = customerLimit
        self.holdSeconds = holdSeconds
        self.maxOrders = maxOrders
        self.maxHolds = maxHolds
        self.holdPauseSeconds = holdPauseSeconds
        self.hasWaitlist = hasWaitlist
        self.offerSeconds = offerSeconds
        self.admissionRate = admissionRate
        self.passSeconds = passSeconds
        self.lobbyOpensAt = lobbyOpensAt
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.paused = paused
        self.archived = archived
    }

    /// The terms after the change; a new event needs a capacity.
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
        if let maxOrders { terms.maxOrders = maxOrders }
        if let maxHolds { terms.maxHolds = maxHolds }
        if let holdPauseSeconds { terms.holdPauseSeconds = holdPauseSeconds }
        if let hasWaitlist { terms.hasWaitlist = hasWaitlist }
        if let offerSeconds { terms.offerSeconds = offerSeconds }
        if let admissionRate { terms.admissionRate = admissionRate }
        if let passSeconds { terms.passSeconds = passSeconds }
        if let lobbyOpensAt { terms.lobbyOpensAt = lobbyOpensAt }
        if let opensAt { terms.opensAt = opensAt }
        if let closesAt { terms.closesAt = closesAt }
        if let paused { terms.paused = paused }
        if let archived { terms.isArchived = archived }
        if let opens = terms.opensAt, let closes = terms.closesAt, opens >= closes {
            throw .invalid(field: "closes_at", "the event must close after it opens")
        }
        if let lobby = terms.lobbyOpensAt {
            guard let opens = terms.opensAt, lobby < opens else {
                throw .invalid(field: "lobby_opens_at", "the lobby must open before opens_at, which must be set")
            }
        }
        return terms
    }
}

/// Why a change of an event failed. Nothing was changed, except for ``notInEffectYet(reason:)``.
package enum CatalogueError: Error, Hashable, Sendable {
    case eventUnknown
    case invalid(field: String, String)
    /// The capacity is below the units that are sold, held or queued and not yet persisted; their number if it is
    /// known.
    case capacityInUse(claimed: Int?)
    /// The ledger lacks returns of units that were made before the capacity was lowered in Redis, so the capacity cannot
    /// be lowered at the moment.
    case releasesInFlight
    /// Units of the event are held, so it cannot be archived.
    case unitsHeld(Int)
    /// The event has places on its waiting list, so it cannot be archived: they end with the sale.
    case placesTaken(Int)
    /// Snapshots of the event's orders are queued, leased or dead-lettered, so it cannot be archived or deleted.
    case ordersInFlight
    /// The ledger has orders of the event, so it cannot be deleted.
    case hasOrders
    /// The event is archived.
    case archived
    /// The event's terms are not those that the change is conditional on.
    case preconditionFailed(EventTerms?)
    /// The event is not on sale in Redis at the moment, so the number of claimed units is not known.
    case recovering
    /// The change is in the ledger, but Redis does not have it yet.
    case notInEffectYet(reason: String)
}
