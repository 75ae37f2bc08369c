package import Domain
import RedisClient

/// Ends a batch that the ledger has settled. False if its lease was lost: then nothing was changed.
package struct AcknowledgeScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "acknowledge", PackageResources.acknowledge_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .lists, .customers, .releases, .orders, .confirmed, .holders, .holds])
    package static var sample: AcknowledgeScript {
        let order = Order(
            id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .pending,
            sequence: 1, claimedAt: Timestamp(milliseconds: 0))
        let entry = Array(OrderCodec.encode(order).utf8)
        let recorded = Settlement.recorded(version: 1, confirmedAt: order.claimedAt)
        return AcknowledgeScript(
            Batch(token: "", attempts: 1, entries: [entry, entry, []]), [recorded, .rejected(reason: "")], fence: .epoch
        )
    }

    private let token: String
    let settlement: BatchSettlement
    package let fence: ScriptFence

    /// - Parameters:
    ///   - settlements: one for each of the batch's orders, in their order.
    ///   - fence: `none` for workers, whose lease is sufficient; `epoch` for a recovery.
    package init(_ batch: Batch, _ settlements: [Settlement], fence: ScriptFence) {
        token = batch.token
        settlement = BatchSettlement(batch, settlements)
        self.fence = fence
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("leases", keys.leases)
        call.key("attempts", keys.attempts)
        call.key("batch", keys.batch(token))
        call.key("dead_letters", keys.deadLetters)
        call.key("settled", keys.settled(withKey: false))
        call.key("settled_keyed", keys.settled(withKey: true))
        call.key("confirmed", keys.confirmed(withKey: false))
        call.key("confirmed_keyed", keys.confirmed(withKey: true))
        call.key("pending_releases", keys.pendingReleases)
        call.key("ordered_batches", keys.orderedBatches)
        call.text("token", token)
        call.text("finished", keys.finished)
        call.bytes("settled_ids", settlement.settledIDs(withKey: false))
        call.bytes("settled_keyed_ids", settlement.settledIDs(withKey: true))
        call.number("released", settlement.released)
        call.rows("events", settlement.moves) { row, move in
            row.key("event", keys.event(move.event))
            row.key("customers", keys.customers(move.event))
            row.key("holds", keys.holds(move.event))
            row.key("holders", keys.holders(move.event))
            row.key("lapsed", keys.lapsed(move.event))
            row.text("generation", String(move.generation))
            row.number("sold", move.sold)
            row.number("returned", move.returned)
        }
        call.rows("ranges", settlement.ranges) { row, range in
            row.number("last", range.last)
            row.text("member", range.text)
        }
        call.columns("orders", settlement.records) { row, record in
            row.key("record_key", keys.order(record.id))
            row.text("id", record.id.description)
            row.text("version", String(record.version))
            row.text("new_record", record.confirmed)
        }
        call.rows("rejections", settlement.rejections) { row, rejection in
            row.number("order", rejection.record + 1)
            row.number("event", rejection.event + 1)
            row.text("generation", String(rejection.generation))
            row.text("reason", rejection.reason)
        }
        call.rows("letters", Array(settlement.deadLetters.enumerated())) { row, letter in
            row.text("id", "\(token).\(letter.offset)")
            row.bytes("text", letter.element.stored)
        }
    }
}
