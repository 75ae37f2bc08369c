import Domain
import Foundation
import Hashing
import TestSupport
import Testing

@testable import API

@Suite struct RoomLotteryTests {
    private let secret = (0..<32).map { UInt8($0) }

    private func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    /// The expected values are those of deploy/scripts/check-draw.py. Another result would change draws that were published.
    @Test func theDrawIsTheOneOfTheScript() {
        let seed = RoomLottery.seed(secret: secret, event: .demo, generation: 3, lobby: 8)
        #expect(hexadecimal(seed) == "96f0c64ca888e7192aa8a6c55f3f8c84892ef067916286b0771059acd429c64d")
        #expect(RoomLottery.ranks(lobby: 8, seed: seed) == [3, 4, 7, 5, 1, 6, 2, 8])
        let thousand = RoomLottery.ranks(lobby: 1000, seed: seed).flatMap { $0.bytes }
        #expect(
            hexadecimal(SHA256Digest(thousand).bytes)
                == "8103656d2a4be35cf0748a52eea132cbd327a939979f820cb96d51fe92123acd")
    }

    @Test func everyPlaceHasItsOwnRank() {
        let ranks = RoomLottery.ranks(lobby: 5000, seed: secret)
        #expect(Set(ranks) == Set(1...5000))
        #expect(RoomLottery.ranks(lobby: 0, seed: secret).isEmpty)
    }

    /// Runs the script on the public figures of a room.
    @Test func theScriptChecksADraw() async throws {
        let commitment = hexadecimal(SHA256Digest(secret).bytes)
        func seed(_ secret: [UInt8]) -> String {
            hexadecimal(RoomLottery.seed(secret: secret, event: .demo, generation: 3, lobby: 8))
        }
        func check(
            _ secret: [UInt8], seed: String, arguments: [String] = []
        ) async throws -> (code: Int32, output: String) {
            let file = try ServerProcess.makeDirectory().appendingPathComponent("room.json")
            let draw = #"{"generation":3,"lobby":8,"secret":"\#(hexadecimal(secret))","seed":"\#(seed)"}"#
            try #"{"event":"demo","commitment":"\#(commitment)","draw":\#(draw)}"#.write(
                to: file, atomically: true, encoding: .utf8)
            let script = checkout.appendingPathComponent("deploy/scripts/check-draw.py").path
            let run = try Run(
                URL(fileURLWithPath: "/bin/sh"),
                ["-c", #"python3 "$0" "$@" < "$FILE""#, script] + arguments,
                ["PATH": "/usr/bin:/bin", "FILE": file.path])
            return (try await run.exitCode(within: 60), run.output)
        }
        let good = try await check(secret, seed: seed(secret), arguments: ["3", "9"])
        #expect(good.code == 0)
        #expect(good.output.contains("number 3: rank 7\nnumber 9: rank 9"))
        let other = Array(secret.reversed())
        let replaced = try await check(other, seed: seed(other))
        #expect(replaced.code != 0, "the secret is another one than the one that was committed to")
        let chosen = try await check(secret, seed: seed(other))
        #expect(chosen.code != 0, "the seed is not made of the secret")
    }
}
