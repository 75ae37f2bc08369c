import Testing

@testable import Attack

/// The draw, against figures that deploy/scripts/check-draw.py makes.
struct RoomDrawTests {
    static let commitment = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    static let draw = RoomDraw(
        generation: 3, lobby: 6, drawnAt: 1_800_000_000_000,
        secret: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        seed: "41120b8a463519277d1ef479d8f5c0024d8aa3bb299237f31fc3303310fd0a0b")

    @Test func theRanksAreThoseOfTheScript() {
        #expect(Self.draw.ranks() == [5, 1, 3, 2, 6, 4])
        #expect(Self.draw.flaw(event: "gala", commitment: Self.commitment) == nil)
    }

    @Test func anEmptyLobbyHasNoRanks() {
        var draw = Self.draw
        draw.lobby = 0
        #expect(draw.ranks() == [])
    }

    @Test func anotherDrawIsAFlaw() {
        #expect(Self.draw.flaw(event: "opera", commitment: Self.commitment) != nil)
        #expect(Self.draw.flaw(event: "gala", commitment: String(repeating: "0", count: 64)) != nil)
        for change in [\RoomDraw.lobby, \.generation] {
            var draw = Self.draw
            draw[keyPath: change] += 1
            #expect(draw.flaw(event: "gala", commitment: Self.commitment) != nil)
        }
        var draw = Self.draw
        draw.secret = "0g"
        #expect(draw.flaw(event: "gala", commitment: Self.commitment) != nil)
    }

    @Test func aPlaceHasItsNumber() {
        #expect(PlaceText.number(of: "a.b.AQAAAAMAEtaHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") == 1_234_567)
        #expect(PlaceText.number(of: "a.Af_________-________________________________") == 0xffff_fffe)
        #expect(PlaceText.number(of: "a.AQAAAAMAEta") == nil)
        #expect(PlaceText.number(of: "AQAAAAMAEtaHAAAAAAA") == nil)
        #expect(PlaceText.number(of: "a.AQAAAAMAEta=AAAAA") == nil)
    }
}
