import RedisClient
import RedisSchema
import Timing

/// The calls of a recovery and of a filling, and how their answers read. No I/O: ``Recovery`` and ``Backfiller`` put them to
/// Redis, the simulator of the protocol to the same scripts in memory. Every call that writes names its holder's token.
struct RecoveryCalls: Hashable, Sendable {
    /// How long a holder that gives no sign keeps others away.
    static let lease = Duration.seconds(3)

    let keys: Keyspace
    let token: String

    private var leaseText: String { String(Self.lease.milliseconds) }

    /// What the epoch key holds while the partition is sealed with the token.
    var seal: String { "sealed:\(token)" }

    static func inspect(_ keys: Keyspace) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.inspect, keys: [keys.epoch, keys.leased, keys.recovery, keys.backfill, keys.requestedBackfills])
    }

    /// What became of sealing.
    enum Sealing: Hashable {
        case sealed(PartitionState.Phase)
        /// Another recovery is at work, or the partition is not as it was found any more.
        case notNow
    }

    func seal(found epoch: String?, plan: RecoveryPlan) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.seal, keys: [keys.epoch, keys.recovery],
            arguments: [token, leaseText, epoch ?? "", plan.rawValue])
    }

    static func sealing(_ reply: RESPValue) throws(RedisError) -> Sealing {
        let answer = reply.array ?? []
        switch answer.first?.integer {
        case 0, 2: return .notNow
        case 1:
            guard let phase = answer.last?.string.flatMap(PartitionState.Phase.init(rawValue:)) else { break }
            return .sealed(phase)
        default: break
        }
        throw RedisError(.protocolViolation, "the seal script answered in another form", mayHaveRun: true)
    }

    /// - Parameter key: of the recovery or of the filling.
    func extend(_ key: String, by lease: Duration = Self.lease) -> RedisScriptCall {
        RedisScriptCall(Scripts.extend, keys: [key], arguments: [token, String(lease.milliseconds)])
    }

    func wipe(_ wiped: [String]) -> RedisScriptCall {
        RedisScriptCall(Scripts.wipe, keys: [keys.epoch, keys.recovery] + wiped, arguments: [token])
    }

    /// What a wipe leaves: what was set aside, and what the recovery and the workers say of themselves.
    var kept: Set<String> { [keys.epoch, keys.leased, keys.deadLetters, keys.workers, keys.recovery] }

    /// - Parameter seen: the highest number of a lease that the ledger has seen.
    func open(epoch: Int, seen: Int, rebuilt: Bool) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.open, keys: [keys.epoch, keys.leased, keys.recovery, keys.backfill],
            arguments: [token, String(epoch), String(seen), rebuilt ? "1" : "0", leaseText])
    }

    // MARK: Filling. The epoch is appended by the fence.

    func holdBackfill() -> RedisScriptCall {
        RedisScriptCall(Scripts.holdBackfill, keys: [keys.backfill], arguments: [token, leaseText])
    }

    func endBackfill(isComplete: Bool) -> RedisScriptCall {
        RedisScriptCall(
            Scripts.endBackfill, keys: [keys.backfill, keys.requestedBackfills],
            arguments: [token, isComplete ? "1" : "0"])
    }

    /// - Parameters:
    ///   - done: units that the whole filling has come to with this page.
    ///   - total: units that it has to come to.
    func backfill(_ page: BackfillChunk, done: Int, total: Int) -> RedisScriptCall {
        let (id, rows) = (page.event, page.rows)
        var call = RedisScriptCall(
            Scripts.backfill,
            keys: [keys.backfill, keys.backfill(id), keys.event(id), keys.customers(id), keys.holds(id)],
            arguments: [token, leaseText, String(done), String(total)])
        call.append(page.generation)
        call.append(page.stamp)
        call.append(page.start)
        call.append(page.end)
        let customers = page.customers
        let orders = rows.compactMap(\.record)
        let holds = orders.filter { $0.state == .held && $0.expiresAt != nil }
        for count in [customers.count, orders.count, holds.count] { call.append(count) }
        for (customer, units) in customers {
            call.append(customer)
            call.append(units)
        }
        for order in orders {
            call.append(key: keys.order(order.id))
            call.append(OrderRecord.encode(order))
        }
        for order in holds {
            call.append(order.expiresAt?.milliseconds ?? 0)
            call.append(order.id.description)
        }
        return call
    }

    /// What became of a page.
    enum BackfillReply: Hashable {
        case done
        /// Another process has the filling.
        case lost
        /// The filling stands elsewhere than where the page begins.
        case outOfStep
        /// The event has been published.
        case published
    }

    static func backfilled(_ reply: RESPValue) throws(RedisError) -> BackfillReply {
        switch reply.integer {
        case 0: return .lost
        case 1: return .done
        case 2: return .outOfStep
        case 3: return .published
        default: throw RedisError(.protocolViolation, "the fill script answered in another form", mayHaveRun: true)
        }
    }
}
