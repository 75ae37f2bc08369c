import TestSupport
import Testing

@testable import RedisClient
@testable import RedisSchema
@testable import Runtime

/// The check of a server that was not known at the start.
@Suite(.timeLimit(.minutes(5))) struct SettingsCheckTests {
    private func makeCheck(_ test: TestStores, _ durability: Durability = .replica) -> SettingsCheck {
        SettingsCheck(redis: test.stores.redis, pool: test.pool, durability: durability, logger: test.logger)
    }

    @Test func aServerIsCheckedOnceBeforeItIsUsed() async throws {
        try await withRedisServer { server in
            try await withTestStores(redis: server) { test in
                let check = makeCheck(test)
                try await check.check(serverOf: test.keys)
                try await test.redis("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
                try await check.check(serverOf: test.keys)
                let error = await #expect(throws: UnsafeSettings.self) {
                    try await makeCheck(test).check(serverOf: test.keys)
                }
                #expect(error?.description.contains("maxmemory-policy is allkeys-lru") == true)
            }
        }
    }

    /// Without the right, each purchase would be an unknown outcome as soon as there is a replica.
    @Test(arguments: [(Durability.replica, false), (.replicaStrict, true), (.disk, false)])
    func aUserThatMayNotWaitIsReported(durability: Durability, isRefused: Bool) async throws {
        try await withRedisServer { server in
            try await withTestStores(redis: server, durability: .disk) { test in
                try await test.redis("ACL", "SETUSER", "default", "-wait")
                if durability == .replicaStrict { try await test.redis("CONFIG", "SET", "min-replicas-to-write", "1") }
                var refusal: String?
                do { try await makeCheck(test, durability).check(serverOf: test.keys) } catch let error
                    as UnsafeSettings
                {
                    refusal = error.description
                }
                #expect((refusal != nil) == isRefused)
                #expect((refusal ?? test.log.text).contains("may not run WAIT") == (durability != .disk))
            }
        }
    }
}
