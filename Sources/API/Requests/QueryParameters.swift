import Domain
import Hummingbird

/// The query of a request that takes known parameters only, each once at most: a filter that is spelled wrong would otherwise
/// include everything. The first error is thrown as a ``Problem`` that names the parameter.
struct QueryParameters {
    private var values: [String: String] = [:]

    /// - Parameter known: the names of the parameters.
    init(_ request: Request, known: Set<String>) throws(Problem) {
        try self.init(request.uri.query ?? "", known: known)
    }

    init(_ query: String, known: Set<String>) throws(Problem) {
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decoded(pair[0]) ?? String(pair[0])
            guard known.contains(name) else {
                throw .invalid(
                    String(name.unicodeScalars.prefix(64)),
                    "Unknown parameter; the known ones are: \(known.sorted().joined(separator: ", ")).")
            }
            guard values[name] == nil else { throw .invalid(name, "\(name) occurs more than once.") }
            guard pair.count == 2, let value = Self.decoded(pair[1]) else {
                throw .invalid(name, "\(name) must be percent-encoded UTF-8.")
            }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// An order's id; nil if the parameter is absent.
    func order(_ name: String) throws(Problem) -> OrderID? {
        guard let text = values[name] else { return nil }
        guard let id = OrderID(text) else { throw .invalid(name, "\(name) must be the id of an order, a UUID.") }
        return id
    }

    /// A whole number; nil if the parameter is absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
            throw .invalid(name, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    /// The text of `application/x-www-form-urlencoded`, in which a plus sign is a space; nil if it is malformed.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
