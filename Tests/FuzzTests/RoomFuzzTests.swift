import Domain
import RedisSchema
import TestSupport
import Testing

@testable import API

/// Places and passes of waiting rooms, which anybody can send.
@Suite(.timeLimit(.minutes(10))) struct RoomFuzzTests {
    private static let parts = [".", "-", "_", "=", "A", "AAAA", "demo.", "\u{0}", "é"].map { Array($0.utf8) }

    private static func signer() -> RoomSigner {
        let keyedIDs = KeyedIDs()
        keyedIDs.set(InstallationSecret())
        return RoomSigner(keyedIDs: keyedIDs)
    }

    @Test func aChangedPlaceIsRefused() async throws {
        let signer = Self.signer()
        try await fuzz("changed places", inputs: 10_000) { input in
            let place = Place(
                event: .demo, generation: input.int(1...5), number: input.int(1...1_000_000),
                customer: input.oneIn(2) ? 0 : UInt64(input.int(1...1000)))
            let text = try signer.text(place)
            try require(try signer.place(text) == place, "\(text) was not read")
            let changed = String(decoding: input.mutated(Array(text.utf8), with: Self.parts), as: UTF8.self)
            guard changed != text, let found = try? signer.place(changed) else { return }
            try require(changed == text, "\(changed) is the place \(found)")
        }
    }

    @Test func aChangedPassIsRefused() async throws {
        let signer = Self.signer()
        try await fuzz("changed passes", inputs: 10_000) { input in
            let place = Place(event: .demo, generation: 1, number: input.int(1...1_000_000), customer: 0)
            let pass = try signer.pass(of: place, end: Timestamp(milliseconds: Int64(input.int(0...1_000_000))))
            let changed = String(decoding: input.mutated(Array(pass.utf8), with: Self.parts), as: UTF8.self)
            guard changed != pass, let found = try? signer.pass(changed, event: .demo, customer: "ann") else { return }
            try require(changed == pass, "\(changed) is the pass \(found)")
        }
    }
}
