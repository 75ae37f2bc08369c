package import PostgresClient

/// The ledger's statements. Their SQL is in the files of the folder Statements.
package enum Statements {
    /// All of them, for checks.
    package static let all: [any AnyPostgresStatement] =
        [
            ping, eventsFind, eventsList, eventsListAll, eventsListArchived, eventsLock, revisionsNext,
            eventsUnpublished,
            eventsOnSale, eventsChanged, eventInsert, eventUpdate, eventsPublished, eventUnpublished, eventRenew,
            eventHasOrders,
            eventDelete, ordersDelete, ordersFind, orderVersions, ordersInsert,
            ordersWrite, ordersSettled, orderReject, partitionFind, partitionBegin, leasesSeen, leasesSeenEarlier,
            leasesSeenNote, leasesBeginEpoch, lateEvents, lateEventsForget, installationFind, installationNote,
            installationSet, installationSecret, grants, auditInsert, auditEnd, auditList,
            customerUnits, eventCustomers, customerTableCreate, customerTableIndex, customerTableList,
            customerTableMissing, backfillEvents, backfillEventOrders, backfillRecords, backfillOrders,
            orderDetail, ordersPage, ordersPageCustomer, ordersExport, eventTimes,
        ] + rooms + changes + webhooks + deliveries

    static let ping = PostgresStatement<Void, Int>("ping", sql: PackageResources.ping_sql) { columns in
        let answer = try columns["answer", as: Int.self]
        return { row in try row[answer] }
    }
}
