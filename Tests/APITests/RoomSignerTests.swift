import Testing

@testable import API
@testable import Domain
@testable import RedisSchema

/// Places and passes as texts.
@Suite struct RoomSignerTests {
    private let gala: EventID
    private let signer: RoomSigner

    init() throws {
        gala = try #require(EventID("gala.2026"))
        signer = try Self.signer(secret: String(repeating: "0f", count: 32))
    }

    private static func signer(secret: String) throws -> RoomSigner {
        let keyedIDs = KeyedIDs()
        keyedIDs.set(
            try #require(InstallationSecret(hexadecimal: secret, keyedFrom: Timestamp(milliseconds: 0))))
        return RoomSigner(keyedIDs: keyedIDs)
    }

    private func place(_ number: Int = 7, customer: String? = "ann") throws -> Place {
        Place(event: gala, generation: 3, number: number, customer: try signer.customer(customer, of: gala))
    }

    @Test func aPlaceIsReadAsItWasWritten() throws {
        for place in [try place(), try place(4_000_000_000, customer: nil)] {
            let text = try signer.text(place)
            #expect(try signer.place(text) == place)
            #expect(try signer.text(place) == text, "the same place is the same text")
            #expect(text.hasPrefix("gala.2026."))
            #expect(text.count == "gala.2026.".count + 44)
        }
    }

    @Test func anotherTextIsNoPlace() throws {
        let text = try signer.text(try place())
        for index in text.indices.dropFirst("gala.2026.".count) {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(throws: Problem.self) { try signer.place(changed) }
        }
        for other in ["", ".", "gala.2026", "gala.2026.", "x" + text, text + "A", String(text.dropLast())] {
            #expect(throws: Problem.self) { try signer.place(other) }
        }
        let stranger = try Self.signer(secret: String(repeating: "1f", count: 32))
        #expect(throws: Problem.self) { try stranger.place(text) }
    }

    @Test func aPassIsForItsEventAndCustomer() throws {
        let end = Timestamp(milliseconds: 1_800_000_000_123)
        let pass = try signer.pass(of: try place(), end: end)
        #expect(pass.count == 46)
        let read = try signer.pass(pass, event: gala, customer: "ann")
        #expect(read == AdmissionPass(number: 7, generation: 3, end: end))
        for customer in ["bob", nil] {
            #expect(throws: Problem.self) { try signer.pass(pass, event: gala, customer: customer) }
        }
        #expect(throws: Problem.self) { try signer.pass(pass, event: .demo, customer: "ann") }
        for index in pass.indices {
            var changed = pass
            changed.replaceSubrange(index...index, with: pass[index] == "A" ? "B" : "A")
            #expect(throws: Problem.self) { try signer.pass(changed, event: gala, customer: "ann") }
        }
        #expect(throws: Problem.self) { try signer.pass("", event: gala, customer: "ann") }
    }

    /// Whoever has the text of a place without a customer can buy under any name.
    @Test func aPassOfNobodyIsForAnybody() throws {
        let end = Timestamp(milliseconds: 5)
        let pass = try signer.pass(of: try place(customer: nil), end: end)
        for customer in ["ann", nil] {
            #expect(try signer.pass(pass, event: gala, customer: customer).number == 7)
        }
    }

    @Test func namesDistinguishCustomersAndKeys() throws {
        let names = [
            try signer.name(customer: "a", key: "k", of: gala), try signer.name(customer: nil, key: "a", of: gala),
            try signer.name(customer: "b", key: nil, of: gala), try signer.name(customer: "a", key: nil, of: .demo),
        ]
        #expect(Set(names.compactMap(\.self)).count == 4)
        #expect(names.allSatisfy { $0?.count == 12 })
        #expect(try signer.name(customer: "a", key: nil, of: gala) == names[0], "a customer counts, not the key")
        #expect(try signer.name(customer: nil, key: nil, of: gala) == nil)
    }

    @Test func nothingIsSignedBeforeTheSecretIsKnown() throws {
        #expect(throws: Problem.self) { try RoomSigner(keyedIDs: KeyedIDs()).text(try place()) }
    }
}
