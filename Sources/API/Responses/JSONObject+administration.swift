import Domain
import Engine
import RedisSchema
import Runtime
import Timing

extension JSONObject {
    /// A dead letter.
    init(_ letter: DeadLetter) {
        self.init()
        self["id"] = .string(letter.id)
        self["at"] = letter.at.map { .string(RFC3339.text($0)) }
        self["reason"] = .string(letter.reason)
        // Unchanged, for the operator who examines it. Bytes that are not UTF-8 are replaced.
        self["entry"] = .string(String(decoding: letter.entry, as: UTF8.self))
        if let order = letter.order {
            self["ticket_id"] = .string(order.id.description)
            self["event"] = .string(order.event.description)
            self["quantity"] = .integer(order.quantity)
            self["status"] = .string(order.state.rawValue)
        }
    }

    /// The state of the queues.
    init(queue: QueueStatus) {
        self.init()
        self["depth"] = .integer(queue.depth)
        self["oldest_age_ms"] = queue.oldestAge.map { .integer(Int($0.milliseconds)) }
        self["in_flight"] = .integer(queue.inFlight)
        self["batches"] = .integer(queue.batches)
        self["workers"] = .integer(queue.workers)
        self["dead_letters"] = .integer(queue.deadLetters)
    }

    /// The recovery of all partitions: the phase and remaining time of the slowest one, and the sums of the rest.
    init(_ recovery: [RecoveryProgress]) {
        self.init()
        let behind =
            recovery.first { $0.phase != .complete && $0.phase != .backfilling }
            ?? recovery.max { $0.remainingSeconds < $1.remainingSeconds } ?? RecoveryProgress(.complete)
        self["phase"] = .string(behind.phase.rawValue)
        self["done"] = .integer(recovery.reduce(0) { $0 + $1.done })
        self["total"] = .integer(recovery.reduce(0) { $0 + $1.total })
        self["remaining_s"] = .integer(behind.remainingSeconds)
    }

    /// The reconciliation of one event.
    init(_ result: Reconciliation) {
        self.init()
        self["event"] = .string(result.event.description)
        switch result.outcome {
        case .consistent: self["outcome"] = .string("consistent")
        case .repaired: self["outcome"] = .string("repaired")
        case .notSafeToRepair: self["outcome"] = .string("not-safe-to-repair")
        case .notCompared(let reason):
            self["outcome"] = .string("not-compared")
            self["reason"] = .string(reason)
            return
        }
        self["under_way"] = .integer(result.inFlight)
        var drift = JSONObject()
        drift["available"] = .integer(result.drift.available)
        drift["pending"] = .integer(result.drift.pending)
        drift["held"] = .integer(result.drift.held)
        drift["sold"] = .integer(result.drift.sold)
        drift["customers"] = .integer(result.customers)
        drift["records"] = .integer(result.records)
        self["drift"] = .object(drift)
    }
}
