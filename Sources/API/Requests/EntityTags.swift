import Domain
import Engine
import HTTPTypes
import Hashing
import Hummingbird
import Ledger
import NIOCore

/// The entity tag of an event: `"TERMS-COUNTERS"`. The first half identifies the terms, the second the counters and the
/// status; so two equal tags mean equal representations, and a change of the terms can be made conditional on the terms
/// alone, while tickets are sold.
struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    let terms: String
    private let counters: String

    init(_ report: EventReport) {
        terms = Self.digest(report.terms)
        counters = Self.digest([
            String(report.available), String(report.held), String(report.pending), String(report.sold),
            String(report.waiting), report.status.rawValue,
        ])
    }

    /// The tag of terms whose counters are not known.
    init(_ terms: EventTerms) {
        self.terms = Self.digest(terms)
        counters = ""
    }

    /// As a header has it.
    var description: String { counters.isEmpty ? "\"\(terms)\"" : "\"\(terms)-\(counters)\"" }

    static func digest(_ terms: EventTerms) -> String {
        func text(_ number: (some BinaryInteger)?) -> String { number.map { String($0) } ?? "" }
        return digest([
            terms.name, String(terms.capacity), String(terms.maxQuantity), text(terms.customerLimit),
            text(terms.holdSeconds), text(terms.opensAt?.milliseconds), text(terms.closesAt?.milliseconds),
            String(terms.paused), String(terms.isArchived), text(terms.maxOrders), text(terms.maxHolds),
            text(terms.holdPauseSeconds), String(terms.hasWaitlist), text(terms.offerSeconds),
            text(terms.admissionRate), String(terms.passSeconds),
            text(terms.lobbyOpensAt?.milliseconds),
        ])
    }

    /// The tag of a representation, from its bytes.
    static func text(of body: ByteBuffer) -> String { "\"\(hexadecimal(of: body))\"" }

    /// The same without quotation marks.
    static func hexadecimal(of body: ByteBuffer) -> String {
        hexadecimal(SHA256Digest(Array(body.readableBytesView)))
    }

    /// The lengths make the text of two different lists different.
    private static func digest(_ fields: [String]) -> String {
        let text = fields.map { "\($0.utf8.count):\($0)" }.joined()
        return hexadecimal(SHA256Digest(Array(text.utf8)))
    }

    private static func hexadecimal(_ digest: SHA256Digest) -> String {
        let digits = String(digest.first64Bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The entity tags of a header `If-Match` or `If-None-Match` (RFC 9110, section 13.1).
enum EntityTags: Hashable, Sendable {
    case any
    case listed([Listed])

    struct Listed: Hashable, Sendable {
        /// Without the quotation marks.
        var text: String
        var isWeak: Bool
    }

    /// Nil if the request has no such header. Throws a problem if it is malformed.
    init?(_ request: Request, _ name: HTTPField.Name) throws(Problem) {
        try self.init(request.headers[values: name], name)
    }

    /// The same for the values of the header.
    init?(_ values: [String], _ name: HTTPField.Name) throws(Problem) {
        guard !values.isEmpty else { return nil }
        guard let tags = EntityTags(values.joined(separator: ",")) else {
            throw .invalid(name.rawName, "\(name.rawName) must be * or a list of entity tags such as \"a1\", \"b2\".")
        }
        self = tags
    }

    /// Nil if the text is not `*` or a list of entity tags.
    init?(_ text: String) {
        var rest = text.utf8[...]
        func skip() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
        skip()
        if rest.first == UInt8(ascii: "*") {
            rest.removeFirst()
            skip()
            guard rest.isEmpty else { return nil }
            self = .any
            return
        }
        var tags: [Listed] = []
        while true {
            skip()
            // An empty element of a list is ignored (RFC 9110, section 5.6.1).
            if rest.first == UInt8(ascii: ",") {
                rest.removeFirst()
                continue
            }
            if rest.isEmpty { break }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            rest.removeFirst()
            guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let tag = rest[..<end]
            guard tag.allSatisfy({ $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }) else { return nil }
            tags.append(Listed(text: String(decoding: tag, as: UTF8.self), isWeak: isWeak))
            rest = rest[rest.index(after: end)...]
            skip()
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
        guard !tags.isEmpty else { return nil }
        self = .listed(tags)
    }

    /// Whether one of them is a tag, as `If-None-Match` compares them: whether they are weak does not matter.
    ///
    /// - Parameter tag: with its quotation marks.
    func contains(_ tag: String) -> Bool {
        switch self {
        case .any: true
        case .listed(let tags): tags.contains { "\"\($0.text)\"" == tag }
        }
    }

    /// Whether one of them names an event's terms, whatever its counters are.
    func contain(terms: EventTerms, weakly: Bool) -> Bool {
        switch self {
        case .any: return true
        case .listed(let tags):
            let digest = EntityTag.digest(terms)
            return tags.contains { (weakly || !$0.isWeak) && $0.text.prefix { $0 != "-" } == digest }
        }
    }
}

extension EventPrecondition {
    /// The condition of the headers `If-Match` and `If-None-Match`, on the terms of an event.
    init(_ request: Request) throws(Problem) {
        let (match, noneMatch) = (try EntityTags(request, .ifMatch), try EntityTags(request, .ifNoneMatch))
        self.init { terms in
            if let match {
                guard let terms, match.contain(terms: terms, weakly: false) else { return false }
            } else if let noneMatch, let terms, noneMatch.contain(terms: terms, weakly: true) {
                return false
            }
            return true
        }
    }
}

extension EventSelection {
    /// `?archived=`: `false` (the default), `true` or `all`.
    init(_ request: Request) throws(Problem) {
        switch request.uri.queryParameters["archived"] {
        case nil, "false": self = .notArchived
        case "true": self = .archived
        case "all": self = .all
        default: throw .invalid("archived", "archived must be false, true or all.")
        }
    }
}
