import Foundation
import Glibc
import TestSupport
import Testing

/// Redis loses data that it has acknowledged. Orders that had not reached the ledger are lost. Nothing is sold twice,
/// no order of the ledger is lost, and the sale opens again without an intervention.
@Suite(.timeLimit(.minutes(10))) struct RedisDataLossTests {
    private func run(
        _ name: String, redisOptions: String = "", redisPrefix: String = "",
        _ inject: @escaping @Sendable (Cluster) async throws -> Void
    ) async throws -> Verdict {
        try await Cluster.withCluster(redisOptions: redisOptions, redisPrefix: redisPrefix) { cluster in
            let verdict = try await FaultRun.verdict(name, seed: 7, on: cluster) { _ in
                try await Fault.pause(1)
                try await inject(cluster)
            }
            #expect(verdict.doubled.isEmpty, "\(name): \(verdict)")
            #expect(verdict.oversold.isEmpty, "\(name): \(verdict)")
            #expect(verdict.unbalanced.isEmpty, "\(name): \(verdict)")
            #expect(verdict.aboveLimit.isEmpty, "\(name): \(verdict)")
            #expect(verdict.miscounted.isEmpty, "\(name): \(verdict)")
            #expect(verdict.notReplayed.isEmpty, "\(name): \(verdict)")
            // Only orders in flight at that moment are lost, some hundred at this load.
            #expect(verdict.lost.count < verdict.accepted / 2, "\(name): \(verdict)")
            return verdict
        }
    }

    @Test func aFlushedRedisSellsNothingTwice() async throws {
        _ = try await run("FLUSHALL") { cluster in
            var generator = SeededGenerator(seed: 7)
            try await Fault.redisFlushed.inject(cluster, &generator)
        }
    }

    @Test func aRedisThatRestartsEmptySellsNothingTwice() async throws {
        _ = try await run("Redis restarted empty") { cluster in
            var generator = SeededGenerator(seed: 7)
            try await Fault.redisRestartedEmpty.inject(cluster, &generator)
        }
    }

    @Test func aRedisRestoredFromAnOlderCopySellsNothingTwice() async throws {
        _ = try await run("Redis restored from a copy of two seconds before") { cluster in
            try cluster.redis.saveFiles()
            try await Fault.pause(2)
            try await cluster.redis.kill()
            try cluster.redis.restoreFiles()
            try await cluster.redis.restart()
        }
    }

    /// With `always`, every acknowledged order is synced, so that a power cut loses none.
    @Test func aPowerCutUnderAlwaysLosesNothing() async throws {
        let verdict = try await powerCut("always")
        #expect(verdict.holds, "\(verdict)")
        #expect(verdict.rejected.isEmpty, "\(verdict)")
    }

    @Test func aPowerCutUnderEverysecSellsNothingTwice() async throws {
        _ = try await powerCut("everysec")
    }

    @Test func aKillUnderEverysecLosesFewerThanFiftyOrders() async throws {
        let verdict = try await run("kill -9 of Redis under everysec", redisOptions: "--appendfsync everysec") {
            try await $0.redis.kill()
            try await $0.redis.restart()
        }
        // The kernel keeps what Redis has written. Only what Redis had not written is lost.
        #expect(verdict.lost.count < 50, "\(verdict)")
    }

    /// Kills Redis and truncates its file to the length at the last sync, as a power cut does.
    private func powerCut(_ sync: String) async throws -> Verdict {
        let recorder = try await SyncRecorder.make()
        return try await run(
            "power cut under \(sync)", redisOptions: "--appendfsync \(sync)", redisPrefix: recorder.prefix
        ) { cluster in
            try await Fault.pause(2)
            try await cluster.redis.kill()
            let bytes = try recorder.cutToLastSync(in: cluster.redis.files)
            report("fault: power cut under \(sync): \(bytes) bytes were not synced")
            try await cluster.redis.restart()
        }
    }
}
