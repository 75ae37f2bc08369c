import Domain
import RedisClient
import Timing

/// Deletes the records of the batch that was settled first, if the retention time has passed. False if it has not, or
/// another worker was faster.
package struct DeleteRecordsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "delete_records", PackageResources.delete_records_lua, .allowOutOfMemory,
        prelude: [.orders, .confirmed])
    package static let sample = DeleteRecordsScript(
        "0|00000000-0000-7000-8000-000000000000|1", withKey: false, retention: .zero)

    private let batch: String
    private let withKey: Bool
    private let retention: Duration
    private let ids: [OrderID]
    /// The last numbers of the batch's ranges.
    private let lasts: [Int]

    package var fence: ScriptFence { .none }

    /// - Parameters:
    ///   - batch: the settled batch as its list contains it: the time in seconds, the orders' ids, and the last numbers
    ///     of its ranges if it has some. Batches of earlier releases have none.
    ///   - withKey: which of the two lists contains it.
    package init(_ batch: String, withKey: Bool, retention: Duration) {
        self.batch = batch
        self.withKey = withKey
        self.retention = retention
        let fields = batch.barSeparated(upTo: 3).map { $0.split(separator: ",") }
        ids = fields.count > 1 ? fields[1].compactMap { OrderID($0) } : []
        lasts = fields.count > 2 ? fields[2].compactMap { Int($0) } : []
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("list", keys.settled(withKey: withKey))
        call.key("ranges_key", keys.confirmed(withKey: withKey))
        call.key("confirmed", keys.confirmed(withKey: false))
        call.key("confirmed_keyed", keys.confirmed(withKey: true))
        call.text("settled_batch", batch)
        call.number("retention", retention.milliseconds / 1000)
        call.rows("orders", ids) { row, id in
            row.key("record_key", keys.order(id))
            row.text("id", id.description)
        }
        call.rows("ranges", lasts) { $0.number("last", $1) }
    }
}
