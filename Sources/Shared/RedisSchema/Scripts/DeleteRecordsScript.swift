import Domain
import RedisClient
import Timing

/// Deletes the records of the batch that was settled first, if the retention time has passed. False if it has not, or
/// another worker was faster.
package struct DeleteRecordsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "delete_records", PackageResources.delete_records_lua, .allowOutOfMemory, prelude: [.orders])
    package static let sample = DeleteRecordsScript(
        "0|00000000-0000-7000-8000-000000000000", in: "", retention: .zero)

    private let batch: String
    private let list: String
    private let retention: Duration
    private let ids: [OrderID]

    package var fence: ScriptFence { .none }

    /// - Parameters:
    ///   - batch: the settled batch as its list contains it: the time in seconds, a bar, and the orders' ids.
    ///   - list: the key of the list.
    package init(_ batch: String, in list: String, retention: Duration) {
        self.batch = batch
        self.list = list
        self.retention = retention
        ids = batch.drop { $0 != "|" }.dropFirst().split(separator: ",").compactMap { OrderID($0) }
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("list", list)
        call.text("settled_batch", batch)
        call.number("retention", retention.milliseconds / 1000)
        call.rows("orders", ids) { row, id in
            row.key("record_key", keys.order(id))
            row.text("id", id.description)
        }
    }
}
