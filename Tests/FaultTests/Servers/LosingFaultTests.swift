import Foundation
import Glibc
import TestSupport
import Testing

/// Redis itself loses what it had acknowledged. Then orders that had not reached the ledger are gone, and nobody can bring
/// them back; but nothing is sold twice, nothing that the ledger has is lost, and the sale opens again by itself.
@Suite(.timeLimit(.minutes(10))) struct LosingFaultTests {
    private func run(
        _ name: String, redisOptions: String = "", redisPrefix: String = "",
        _ strike: @escaping @Sendable (Cluster) async throws -> Void
    ) async throws -> Verdict {
        try await Cluster.withCluster(redisOptions: redisOptions, redisPrefix: redisPrefix) { cluster in
            let verdict = try await FaultRun.verdict(name, seed: 7, on: cluster) { _ in
                try await Fault.pause(1)
                try await strike(cluster)
            }
            #expect(verdict.doubled.isEmpty, "\(name): \(verdict)")
            #expect(verdict.oversold.isEmpty, "\(name): \(verdict)")
            #expect(verdict.unbalanced.isEmpty, "\(name): \(verdict)")
            #expect(verdict.aboveLimit.isEmpty, "\(name): \(verdict)")
            #expect(verdict.miscounted.isEmpty, "\(name): \(verdict)")
            #expect(verdict.unreplayed.isEmpty, "\(name): \(verdict)")
            // What was on its way at that moment, some hundred orders at this load; not what the ledger had.
            #expect(verdict.lost.count < verdict.accepted / 2, "\(name): \(verdict)")
            return verdict
        }
    }

    @Test func flushAll() async throws {
        _ = try await run("FLUSHALL") { cluster in _ = try await cluster.redis("FLUSHALL") }
    }

    @Test func restartedEmpty() async throws {
        _ = try await run("Redis restarted empty") { cluster in
            try await cluster.redis.kill()
            try cluster.redis.removeFiles()
            try await cluster.redis.restart()
        }
    }

    @Test func anOlderState() async throws {
        _ = try await run("Redis back at its state of two seconds before") { cluster in
            try cluster.redis.saveFiles()
            try await Fault.pause(2)
            try await cluster.redis.kill()
            try cluster.redis.restoreFiles()
            try await cluster.redis.restart()
        }
    }

    /// Under `always` whatever was acknowledged was synced: a power cut, which takes what was not, takes nothing of it.
    @Test func aPowerCutUnderAlwaysLosesNothing() async throws {
        let verdict = try await powerCut("always")
        #expect(verdict.holds, "\(verdict)")
        #expect(verdict.rejected.isEmpty, "\(verdict)")
    }

    @Test func aPowerCutUnderEverysecIsNoticed() async throws {
        _ = try await powerCut("everysec")
    }

    @Test func killedUnderEverysec() async throws {
        let verdict = try await run("kill -9 of Redis under everysec", redisOptions: "--appendfsync everysec") {
            try await $0.redis.kill()
            try await $0.redis.restart()
        }
        // The kernel has what was written; only what Redis had yet to write is gone.
        #expect(verdict.lost.count < 50, "\(verdict)")
    }

    /// Redis is killed, and its file is cut to where it stood at the last sync: what a power cut leaves.
    private func powerCut(_ sync: String) async throws -> Verdict {
        let recorder = try await SyncRecorder.make()
        return try await run(
            "power cut under \(sync)", redisOptions: "--appendfsync \(sync)", redisPrefix: recorder.prefix
        ) { cluster in
            try await Fault.pause(2)
            try await cluster.redis.kill()
            let bytes = try recorder.cutToLastSync(in: cluster.redis.files)
            say("fault: power cut under \(sync): \(bytes) bytes were not synced")
            try await cluster.redis.restart()
        }
    }
}
