import Domain
import RedisClient
import Timing

/// The codes of requeue.lua.
package enum RequeueCode: Int, ScriptCode {
    case gone, requeued, eventNotLoaded
}

/// Puts a dead letter back into the queue.
package struct RequeueScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "requeue", PackageResources.requeue_lua, .allowOutOfMemory, prelude: [.orders],
        codes: [RequeueCode.self])
    package static let sample = RequeueScript(DeadLetter(reason: "", entry: []), stored: [], evenIfNotLoaded: false)

    private let letter: DeadLetter
    private let stored: [UInt8]
    private let evenIfNotLoaded: Bool

    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - stored: the letter as Redis holds it: if it is another by now, nothing is changed.
    ///   - evenIfNotLoaded: also if its event is not loaded, for a recovery that brings everything to the ledger.
    package init(_ letter: DeadLetter, stored: [UInt8], evenIfNotLoaded: Bool) {
        self.letter = letter
        self.stored = stored
        self.evenIfNotLoaded = evenIfNotLoaded
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        let event = evenIfNotLoaded ? nil : letter.order.map { keys.event($0.event) }
        call.key("dead_letters", keys.deadLetters)
        call.key("queue", keys.queue)
        call.key("pending_releases", keys.pendingReleases)
        call.key("required", event ?? keys.deadLetters)
        call.text("letter", letter.id)
        call.bytes("stored", stored)
        call.bytes("entry", letter.entry)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> RequeueCode {
        guard let code = RequeueCode(reply) else { throw Self.unreadable() }
        return code
    }
}

/// Notes that a worker is alive.
package struct NoteWorkerScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "note_worker", PackageResources.note_worker_lua, .allowOutOfMemory, prelude: [.clock])
    package static let sample = NoteWorkerScript("", forgetAfter: .zero)

    private let name: String
    private let forgetAfter: Duration

    package var fence: ScriptFence { .none }

    /// - Parameter forgetAfter: after which workers that have not been seen are removed.
    package init(_ name: String, forgetAfter: Duration) {
        self.name = name
        self.forgetAfter = forgetAfter
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("workers", call.keys.workers)
        call.text("name", name)
        call.number("forget_after", forgetAfter.milliseconds)
    }
}

/// Deletes the records of the batch that was settled first, if they have been kept long enough. False if they have not, or
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
    ///   - batch: the settled batch as its list holds it: the time in seconds, a bar, the orders' ids.
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
