import Foundation
import NIOConcurrencyHelpers

@testable import Domain

/// A request of somebody in a waiting room, and its outcome.
struct RoomRequest: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// - Parameter person: who joins. A person who has no name is known to the checker only.
        case join(person: String, isNamed: Bool)
        case look(RoomPlace)
        case buy(RoomPlace, RoomPass, quantity: Int)
    }

    enum Outcome: Hashable, Sendable {
        case standing(RoomPlace, RoomStanding)
        case bought(OrderID)
        case refused(String)
        /// The request may have been executed.
        case unknown
    }

    var kind: Kind
    var outcome: Outcome
    /// Milliseconds since 1970, before the request and after its response.
    var begun: Int64
    var ended: Int64
    /// Which start of which API answered.
    var process = ""
}

/// A place as its holder has it.
struct RoomPlace: Hashable, Sendable {
    let text: String
    let generation: Int
    let number: Int

    init(text: String, generation: Int, number: Int) {
        self.text = text
        self.generation = generation
        self.number = number
    }

    /// Nil if the text is not one of a place.
    init?(_ text: String) {
        guard let dot = text.lastIndex(of: "."), let bytes = [UInt8](base64URL: text[text.index(after: dot)...]),
            bytes.count == 33
        else { return nil }
        self.init(text: text, generation: bytes.number(1..<5), number: bytes.number(5..<9))
    }
}

struct RoomPass: Hashable, Sendable {
    let text: String
    let number: Int
    /// Milliseconds since 1970.
    let end: Int64

    init(text: String = "", number: Int, end: Int64) {
        self.text = text
        self.number = number
        self.end = end
    }

    /// Nil if the text is not one of a pass.
    init?(_ text: String) {
        guard let bytes = [UInt8](base64URL: text[...]), bytes.count == 34 else { return nil }
        self.init(text: text, number: bytes.number(6..<10), end: Int64(bytes.number(10..<18)))
    }
}

enum RoomStanding: Hashable, Sendable {
    case lobby
    case waiting(ahead: Int)
    case admitted(RoomPass)
    case expired, soldOut, over
}

/// What `GET /events/{id}/room` says of the draw.
struct ShownDraw: Hashable, Sendable {
    var lobby: Int
    var drawnAt: String
    var seed: String
}

/// The requests of everybody in a waiting room.
final class RoomHistory: Sendable {
    private struct Content {
        var requests: [RoomRequest] = []
        var draws: Set<ShownDraw> = []
        var people: Set<String> = []
        var answered = 0
    }

    private let box = NIOLockedValueBox(Content())

    func add(_ request: RoomRequest) {
        box.withLockedValue { content in
            content.requests.append(request)
            guard case .standing = request.outcome else { return }
            content.answered += 1
            if case .join(let person, _) = request.kind { content.people.insert(person) }
        }
    }

    func add(_ draw: ShownDraw) { box.withLockedValue { _ = $0.draws.insert(draw) } }

    var requests: [RoomRequest] { box.withLockedValue { $0.requests } }
    var draws: Set<ShownDraw> { box.withLockedValue { $0.draws } }
    /// How many people have been given a place.
    var people: Int { box.withLockedValue { $0.people.count } }
    /// How many responses showed a place.
    var answered: Int { box.withLockedValue { $0.answered } }

    /// The last outcome of each kind of request: what a run that does not end waits for.
    var lastOutcomes: String {
        let last = Dictionary(requests.map { ($0.kind, $0) }, uniquingKeysWith: { $1 })
        return last.values.sorted { $0.ended < $1.ended }.suffix(40).map { "\($0)" }.joined(separator: "\n")
    }

    /// The places that were given.
    var places: Set<RoomPlace> {
        Set(
            requests.compactMap { request in
                guard case .join = request.kind, case .standing(let place, _) = request.outcome else { return nil }
                return place
            })
    }
}

extension [UInt8] {
    /// Nil if the text is not Base64 for URLs.
    init?(base64URL text: Substring) {
        var plain = String(text).replacing("-", with: "+").replacing("_", with: "/")
        plain += String(repeating: "=", count: (4 - plain.count % 4) % 4)
        guard let data = Data(base64Encoded: plain) else { return nil }
        self.init(data)
    }

    /// The number that these bytes are, the most significant one first.
    func number(_ range: Range<Int>) -> Int { self[range].reduce(0) { $0 << 8 | Int($1) } }
}
