import Domain
import PostgresClient

/// Statements on partitions and leases.
extension Statements {
    static let partitionFind = PostgresStatement<Int, PartitionEpoch>(
        "partition_find", sql: PackageResources.partition_find_sql, parameters: ["partition": { $0 }]
    ) { columns in
        let epoch = try columns["epoch", as: Int.self]
        let server = try columns["server", as: String.self]
        let replication = try columns["replication", as: String.self]
        return { row in
            PartitionEpoch(epoch: try row[epoch], server: try row[server], replication: try row[replication])
        }
    }

    static let partitionBegin = PostgresStatement<(partition: Int, epoch: PartitionEpoch), Never>(
        "partition_begin", sql: PackageResources.partition_begin_sql,
        parameters: [
            "partition": { $0.partition }, "epoch": { $0.epoch.epoch }, "server": { $0.epoch.server },
            "replication": { $0.epoch.replication },
        ])

    /// Its input is an epoch of a partition.
    static let leasesBeginEpoch = PostgresStatement<(partition: Int, epoch: Int), Never>(
        "leases_begin_epoch", sql: PackageResources.leases_begin_epoch_sql,
        parameters: ["partition": { $0.partition }, "epoch": { $0.epoch }])

    static let lateEvents = PostgresStatement<Int, LateEvent>(
        "late_events", sql: PackageResources.late_events_sql, parameters: ["partition": { $0 }]
    ) { columns in
        let event = try columns["event_id", as: EventID.self]
        let noted = try columns["noted", as: Int.self]
        return { row in LateEvent(event: try row[event], noted: try row[noted]) }
    }

    static let lateEventsForget = PostgresStatement<(partition: Int, late: LateEvent), Never>(
        "late_events_forget", sql: PackageResources.late_events_forget_sql,
        parameters: [
            "partition": { $0.partition }, "event_id": { $0.late.event }, "noted": { $0.late.noted },
        ])

    static let leasesSeen = PostgresStatement<Int, Int?>(
        "leases_seen", sql: PackageResources.leases_seen_sql, parameters: ["partition": { $0 }]
    ) { columns in
        let leased = try columns["leased", as: Int?.self]
        return { row in try row[leased] }
    }

    static let leasesSeenEarlier = PostgresStatement<Void, (event: EventID, leased: Int)>(
        "leases_seen_earlier", sql: PackageResources.leases_seen_earlier_sql
    ) { columns in
        let id = try columns["id", as: EventID.self]
        let leased = try columns["leased", as: Int.self]
        return { row in (event: try row[id], leased: try row[leased]) }
    }

    static let leasesSeenNote = PostgresStatement<(partition: Int, leased: Int), Never>(
        "leases_seen_note", sql: PackageResources.leases_seen_note_sql,
        parameters: ["partition": { $0.partition }, "leased": { $0.leased }])
}
