import Domain
package import RedisClient
import Timing

/// Deletes the records of the batch that was settled first, if the retention time has passed, and replies with their
/// number: 0 if another worker was faster. Nil if it has not passed.
package struct DeleteRecordsScript: PartitionScript {
    package typealias Reply = Int?

    package static let lua = LuaScript(
        Self.self, "delete_records", PackageResources.delete_records_lua, .allowOutOfMemory,
        prelude: [.orders, .confirmed, .forgotten])
    package static let sample = DeleteRecordsScript(
        "0|00000000-0000-7000-8000-000000000000|1", withKey: false, retention: .zero)

    private let batch: String
    private let withKey: Bool
    private let retention: Duration
    private let keyRetention: Duration
    private let ids: [OrderID]
    /// The last numbers of the batch's ranges.
    private let lasts: [Int]

    package var fence: ScriptFence { .none }

    /// - Parameters:
    ///   - batch: the settled batch as its list contains it: the time in seconds, the orders' ids, and the last numbers
    ///     of its ranges if it has some. Batches of earlier releases have none.
    ///   - withKey: which of the two lists contains it.
    ///   - keyRetention: how long an idempotency key is valid, if that is longer than `retention`: a repetition finds an
    ///     order whose record went before in the ledger.
    package init(_ batch: String, withKey: Bool, retention: Duration, keyRetention: Duration? = nil) {
        self.batch = batch
        self.withKey = withKey
        self.retention = retention
        self.keyRetention = keyRetention ?? retention
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
        call.key("forgotten", keys.forgotten)
        call.text("settled_batch", batch)
        call.number("retention", retention.milliseconds / 1000)
        call.number("key_retention", keyRetention.milliseconds / 1000)
        call.rows("orders", ids) { row, id in
            row.key("record_key", keys.order(id))
            row.text("id", id.description)
        }
        call.rows("ranges", lasts) { $0.number("last", $1) }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Int? {
        guard let number = reply.integer else { throw Self.unreadable() }
        return number < 0 ? nil : Int(number)
    }
}
