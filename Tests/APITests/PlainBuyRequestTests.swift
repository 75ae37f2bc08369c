import Domain
import NIOCore
import TestSupport
import Testing

@testable import API

/// The reader for plain bodies beside the complete one.
@Suite(.timeLimit(.minutes(5))) struct PlainBuyRequestTests {
    @Test(arguments: [
        "{}", " { } ", #"{"quantity":2}"#, #"{"customer":"a b","event":"demo"}"#,
        "{\n\t\"event\" : \"x-1\" ,\r\n \"quantity\" : 1000, \"customer\":\"\(String(repeating: "c", count: 128))\"}",
    ])
    func plainBodiesAreRead(body: String) throws {
        let plain = try #require(BuyRequest.plain(ByteBuffer(string: body)))
        #expect(try BuyRequest(strict: ByteBuffer(string: body)) == plain)
    }

    @Test(arguments: [
        "", "[]", "{", "{}x", #"{"quantity":0}"#, #"{"quantity":1001}"#, #"{"quantity":01}"#, #"{"quantity":1.0}"#,
        #"{"quantity":1e2}"#, #"{"quantity":-1}"#, #"{"quantity":"1"}"#, #"{"quantity":1,"quantity":1}"#,
        #"{"customer":"\u0041"}"#, #"{"customer":"ä"}"#, #"{"customer":""}"#, #"{"customer":"a","customer":"a"}"#,
        #"{"event":" "}"#, #"{"event":"a" "quantity":1}"#, #"{"event":"a",}"#, #"{"other":1}"#,
        #"{"quantity":9999999999}"#,
        #"{"quantity":1 1}"#, "\u{feff}{}",
    ])
    func otherBodiesAreLeftToTheCompleteReader(body: String) {
        #expect(BuyRequest.plain(ByteBuffer(string: body)) == nil)
    }

    /// Every body that the plain reader accepts is accepted by the complete one, as the same purchase.
    @Test func aMillionBodiesHaveTheSameVerdict() throws {
        var generator = SeededGenerator(seed: 20_261_128)
        let seeds = [
            #"{"event":"demo","quantity":2,"customer":"ann"}"#, #"{ "customer" : "x y" , "quantity":10 }"#,
            #"{"quantity":1}"#, "{}", #"{"event":"a.b-c_9"}"#,
        ].map { Array($0.utf8) }
        let alphabet =
            Array(#"{}[]":,0123456789eE+-.\ntu "eventquancustomr"#.utf8) + [0, 9, 10, 13, 0x7f, 0xc3, 0xa4, 0xff]
        var accepted = 0
        for _ in 0..<1_000_000 {
            var body = seeds[Int.random(in: 0..<seeds.count, using: &generator)]
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let byte = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                let index = Int.random(in: 0..<max(1, body.count), using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: body.insert(byte, at: index)
                case 1 where index < body.count: body[index] = byte
                case 2 where index < body.count: body.remove(at: index)
                default: break
                }
            }
            guard let plain = BuyRequest.plain(ByteBuffer(bytes: body)) else { continue }
            accepted += 1
            // The unchanged bodies are accepted most often. One in a hundred of them is compared.
            guard !seeds.contains(body) || accepted.isMultiple(of: 100) else { continue }
            let strict = try? BuyRequest(strict: ByteBuffer(bytes: body))
            guard strict != plain else { continue }
            Issue.record("\(String(decoding: body, as: UTF8.self)): \(plain), but \(String(describing: strict))")
            return
        }
        #expect(accepted > 100_000)
    }
}
