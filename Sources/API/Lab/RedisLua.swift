import RedisClient

/// Check and decrement in a Lua script (`check_and_decrement.lua`). **Exact, and nothing more.**
///
/// Why: Redis runs one script at a time and nothing beside it, so that between check and decrement there is nothing. No
/// lock, no waiting in line on a disk per row, no retries; this is what sold exactly 100 of 100 where ``Naive`` sold 108.
///
/// What is missing: a number went down, and that is all that is known. Who bought is not recorded; a program that dies
/// between the script and its answer leaves a ticket that is sold to nobody. The next step, ``QueueStrategy``, pushes the order in
/// the same script.
struct RedisLua: LabStrategy {
    static let script = RedisScript(name: "check_and_decrement", source: PackageResources.check_and_decrement_lua)

    let name = "redis-lua"
    let summary = "a Lua script in Redis checks and decrements; nothing is recorded"
    let redis: RedisClient
    /// Beside the sale's keys, in the same slot; gone when Redis is recovered, and then filled by a reset only.
    private let key = "tb:{0}:lab:redis-lua"

    init(redis: RedisClient) {
        self.redis = redis
    }

    func prepare(capacity: Int) async throws {
        guard try await redis.connection.send(RedisCommand("EXISTS", key)).integer == 0 else { return }
        try await reset(to: capacity)
    }

    func reset(to capacity: Int) async throws {
        let amount = String(capacity)
        _ = try await redis.connection.send(
            RedisCommand("HSET", key, "capacity", amount, "stock", amount, "sold", "0"))
    }

    func buy(_ quantity: Int) async throws -> LabSale {
        let call = RedisScriptCall(Self.script, keys: [key], arguments: [String(quantity)])
        switch try await redis.connection.evaluate(call).integer {
        case 1: return .sold
        case 0: return .soldOut
        default: return .notStocked
        }
    }

    func account() async throws -> LabAccount {
        let fields = try await redis.connection.send(RedisCommand("HMGET", key, "capacity", "sold", "stock")).array
        let numbers = (fields ?? []).map { $0.string.flatMap { Int($0) } ?? 0 }
        guard numbers.count == 3 else { return LabAccount(capacity: 0, sold: 0, stock: 0) }
        return LabAccount(capacity: numbers[0], sold: numbers[1], stock: numbers[2])
    }
}
