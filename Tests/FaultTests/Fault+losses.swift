/// Faults after which Redis lacks what it has acknowledged, and is rebuilt from the ledger.
extension Fault {
    static let losses = [redisRestartedEmpty, redisFlushed]

    static let redisRestartedEmpty = Fault("Redis restarted empty") { cluster, _ in
        try await cluster.redis.kill()
        try cluster.redis.removeFiles()
        try await cluster.redis.restart()
    }

    static let redisFlushed = Fault("FLUSHALL") { cluster, _ in _ = try await cluster.redis("FLUSHALL") }
}
