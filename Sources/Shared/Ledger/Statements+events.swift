import Domain
import PostgresClient

/// Statements on events.
extension Statements {
    static let eventsFind = PostgresStatement<[EventID], LedgerEvent>(
        "events_find", sql: PackageResources.events_find_sql, parameters: ["ids": { $0 }], reader: event)

    typealias EventsAfter = (after: String, limit: Int)

    private static let eventsAfter: PostgresStatement<EventsAfter, LedgerEvent>.Parameters = [
        "after": { $0.after }, "limit": { $0.limit },
    ]

    static let eventsList = PostgresStatement<EventsAfter, LedgerEvent>(
        "events_list", sql: PackageResources.events_list_sql, parameters: eventsAfter, reader: event)

    static let eventsListAll = PostgresStatement<EventsAfter, LedgerEvent>(
        "events_list_all", sql: PackageResources.events_list_all_sql, parameters: eventsAfter, reader: event)

    static let eventsListArchived = PostgresStatement<EventsAfter, LedgerEvent>(
        "events_list_archived", sql: PackageResources.events_list_archived_sql, parameters: eventsAfter, reader: event)

    static let eventsLock = PostgresStatement<[EventID], LedgerEvent>(
        "events_lock", sql: PackageResources.events_lock_sql, parameters: ["ids": { $0 }], reader: event)

    static let revisionsNext = PostgresStatement<Int, Int>(
        "revisions_next", sql: PackageResources.revisions_next_sql, parameters: ["count": { $0 }]
    ) { columns in
        let revision = try columns["revision", as: Int.self]
        return { row in try row[revision] }
    }

    static let eventsUnpublished = PostgresStatement<EventsAfter, EventID>(
        "events_unpublished", sql: PackageResources.events_unpublished_sql, parameters: idsAfter, reader: id)

    static let eventsOnSale = PostgresStatement<Int, EventID>(
        "events_on_sale", sql: PackageResources.events_on_sale_sql, parameters: ["limit": { $0 }], reader: id)

    static let eventsChanged = PostgresStatement<EventsAfter, EventID>(
        "events_changed", sql: PackageResources.events_changed_sql, parameters: idsAfter, reader: id)

    private static let idsAfter: PostgresStatement<EventsAfter, EventID>.Parameters = [
        "after": { $0.after }, "limit": { $0.limit },
    ]

    @Sendable private static func id(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> EventID {
        let id = try columns["id", as: EventID.self]
        return { row in try row[id] }
    }

    static let eventHasOrders = PostgresStatement<EventID, Bool>(
        "event_has_orders", sql: PackageResources.event_has_orders_sql, parameters: ["event_id": { $0 }]
    ) { columns in
        let hasOrders = try columns["has_orders", as: Bool.self]
        return { row in try row[hasOrders] }
    }

    /// The details are for the outbox.
    static let eventDelete = PostgresStatement<(id: EventID, details: AuditDetails), Never>(
        "event_delete", sql: PackageResources.event_delete_sql,
        parameters: ["id": { $0.id }, "details": { $0.details }])

    static let eventInsert = PostgresStatement<NewTerms, EventID>(
        "event_insert", sql: PackageResources.event_insert_sql,
        parameters: newTerms, reader: id)

    static let eventUpdate = PostgresStatement<NewTerms, Never>(
        "event_update", sql: PackageResources.event_update_sql,
        parameters: newTerms)

    static let eventsPublished = PostgresStatement<[EventID], Never>(
        "events_published", sql: PackageResources.events_published_sql, parameters: ["ids": { $0 }])

    static let eventUnpublished = PostgresStatement<EventID, Never>(
        "event_unpublished", sql: PackageResources.event_unpublished_sql, parameters: ["id": { $0 }])

    static let eventRenew = PostgresStatement<(id: EventID, capacity: Int, details: AuditDetails), Never>(
        "event_renew", sql: PackageResources.event_renew_sql,
        parameters: ["id": { $0.id }, "capacity": { $0.capacity }, "details": { $0.details }])

    /// `areNew` says whether the terms differ from the present ones.
    typealias NewTerms = (id: EventID, terms: EventTerms, areNew: Bool)

    private static let newTerms: KeyValuePairs<String, @Sendable (NewTerms) -> any PostgresEncodable> = [
        "id": { $0.id }, "name": { $0.terms.name }, "capacity": { $0.terms.capacity },
        "max_quantity": { $0.terms.maxQuantity }, "per_customer_limit": { $0.terms.customerLimit },
        "hold_seconds": { $0.terms.holdSeconds }, "max_orders": { $0.terms.maxOrders },
        "max_holds": { $0.terms.maxHolds }, "hold_pause_seconds": { $0.terms.holdPauseSeconds },
        "waitlist": { $0.terms.hasWaitlist }, "offer_seconds": { $0.terms.offerSeconds },
        "admission_rate": { $0.terms.admissionRate }, "pass_seconds": { $0.terms.passSeconds },
        "lobby_opens_at": { $0.terms.lobbyOpensAt },
        "opens_at": { $0.terms.opensAt },
        "closes_at": { $0.terms.closesAt }, "paused": { $0.terms.paused }, "archived": { $0.terms.isArchived },
        "details": { AuditDetails($0.terms) }, "are_new": { $0.areNew },
    ]

    @Sendable private static func event(
        _ columns: PostgresColumns
    ) throws -> @Sendable (borrowing PostgresRow) throws -> LedgerEvent {
        let id = try columns["id", as: EventID.self]
        let name = try columns["name", as: String.self]
        let capacity = try columns["capacity", as: Int.self]
        let maxQuantity = try columns["max_quantity", as: Int.self]
        let customerLimit = try columns["per_customer_limit", as: Int?.self]
        let holdSeconds = try columns["hold_seconds", as: Int?.self]
        let maxOrders = try columns["max_orders", as: Int?.self]
        let maxHolds = try columns["max_holds", as: Int?.self]
        let holdPauseSeconds = try columns["hold_pause_seconds", as: Int?.self]
        let waitlist = try columns["waitlist", as: Bool.self]
        let offerSeconds = try columns["offer_seconds", as: Int?.self]
        let admissionRate = try columns["admission_rate", as: Int?.self]
        let passSeconds = try columns["pass_seconds", as: Int.self]
        let lobbyOpensAt = try columns["lobby_opens_at", as: Timestamp?.self]
        let opensAt = try columns["opens_at", as: Timestamp?.self]
        let closesAt = try columns["closes_at", as: Timestamp?.self]
        let paused = try columns["paused", as: Bool.self]
        let archived = try columns["archived", as: Bool.self]
        let held = try columns["held", as: Int.self]
        let sold = try columns["sold", as: Int.self]
        let generation = try columns["generation", as: Int.self]
        let publishedGeneration = try columns["published_generation", as: Int.self]
        let unpublished = try columns["unpublished", as: Bool.self]
        let stamp = try columns["stamp", as: String.self]
        return { row in
            let terms = EventTerms(
                name: try row[name], capacity: try row[capacity], maxQuantity: try row[maxQuantity],
                customerLimit: try row[customerLimit], holdSeconds: try row[holdSeconds],
                maxOrders: try row[maxOrders], maxHolds: try row[maxHolds],
                holdPauseSeconds: try row[holdPauseSeconds], hasWaitlist: try row[waitlist],
                offerSeconds: try row[offerSeconds], admissionRate: try row[admissionRate],
                passSeconds: try row[passSeconds], lobbyOpensAt: try row[lobbyOpensAt], opensAt: try row[opensAt],
                closesAt: try row[closesAt], paused: try row[paused], isArchived: try row[archived])
            return LedgerEvent(
                id: try row[id], terms: terms, held: try row[held], sold: try row[sold],
                generation: try row[generation], publishedGeneration: try row[publishedGeneration],
                isUnpublished: try row[unpublished], stamp: try row[stamp])
        }
    }
}
