import Domain
import RedisClient
import RedisSchema

/// Checks and decrements in a Lua script (`check_and_decrement.lua`). **Exact, but it records no orders.**
///
/// Why: Redis runs one script at a time and no other command during it, so nothing can happen between the check and the
/// decrement. The strategy needs no row lock, no disk write per purchase and no retries. In the original demonstration it
/// sold exactly 100 of 100, and ``Naive`` sold 108.
///
/// What is missing: only a number is decremented. The buyer is not recorded. If a program fails between the script and its
/// response, a ticket is sold without a buyer. ``QueueStrategy`` writes the order in the same script.
struct RedisLua: LabStrategy {
    static let script = RedisScript(name: "check_and_decrement", source: PackageResources.check_and_decrement_lua)

    let name = "redis-lua"
    let summary = "a Lua script in Redis checks and decrements; nothing is recorded"
    let redis: RedisClient
    private let keys: Keyspace
    /// In the same hash slot as the sale's keys. A recovery of Redis deletes it; then only a reset creates it again.
    private var key: String { keys.lab("redis-lua") }
    private var connection: RedisConnection { redis.connection(of: keys.slot) }

    /// - Parameter keys: a partition of the sale.
    init(redis: RedisClient, in keys: Keyspace) {
        self.redis = redis
        self.keys = keys
    }

    func prepare(capacity: Int, by author: AuditAuthor) async throws {
        guard try await connection.send(RedisCommand("EXISTS", key)).integer == 0 else { return }
        try await reset(to: capacity, by: author)
    }

    func reset(to capacity: Int, by author: AuditAuthor) async throws {
        let amount = String(capacity)
        _ = try await connection.send(
            RedisCommand("HSET", key, "capacity", amount, "stock", amount, "sold", "0"))
    }

    func buy(_ quantity: Int) async throws -> LabSale {
        let call = RedisScriptCall(Self.script, keys: [key], arguments: [String(quantity)])
        switch try await connection.evaluate(call).value.integer {
        case 1: return .sold
        case 0: return .soldOut
        default: return .notStocked
        }
    }

    func account() async throws -> LabAccount {
        let fields = try await connection.send(RedisCommand("HMGET", key, "capacity", "sold", "stock")).array
        let numbers = (fields ?? []).map { $0.string.flatMap { Int($0) } ?? 0 }
        guard numbers.count == 3 else { return LabAccount(capacity: 0, sold: 0, stock: 0) }
        return LabAccount(capacity: numbers[0], sold: numbers[1], stock: numbers[2])
    }
}
