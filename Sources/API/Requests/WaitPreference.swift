import HTTPTypes
import Hummingbird
import HummingbirdCore

/// How long a client wants to wait for an order: `?wait=N`, or `Prefer: wait=N` (RFC 7240, section 4.3), in seconds.
struct WaitPreference: Hashable {
    /// The maximum in seconds.
    static let limit = 30

    var seconds = 0
    /// Whether the wait comes from the header; then the response has `Preference-Applied`.
    var isFromHeader = false

    init(uri: URI, headers: HTTPFields) throws(Problem) {
        try self.init(uri.queryParameters["wait"], preferences: headers[values: .prefer])
    }

    /// - Parameters:
    ///   - parameter: the query parameter `wait`; nil if there is none.
    ///   - preferences: the values of the header `Prefer`.
    init(_ parameter: Substring?, preferences: [String]) throws(Problem) {
        if let text = parameter {
            guard let seconds = Self.number(text), seconds <= Self.limit else {
                throw .invalid("wait", "wait must be a whole number of seconds from 0 to \(Self.limit).")
            }
            self.seconds = seconds
        } else if !preferences.isEmpty, let seconds = Self.preferred(preferences) {
            self.seconds = min(seconds, Self.limit)
            isFromHeader = true
        }
    }

    /// The first valid `wait` of the preferences. An invalid one is ignored, as the RFC requires.
    private static func preferred(_ values: [String]) -> Int? {
        for preference in values.joined(separator: ",").split(separator: ",") {
            let parts = preference.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map {
                $0.trimmingPrefix { $0.isWhitespace }
            }
            guard parts.count == 2, parts[0].lowercased().filter({ !$0.isWhitespace }) == "wait" else { continue }
            if let seconds = number(parts[1].filter { !$0.isWhitespace && $0 != "\"" }) { return seconds }
        }
        return nil
    }

    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let prefer = Self("Prefer").unsafelyUnwrapped
    static let preferenceApplied = Self("Preference-Applied").unsafelyUnwrapped
}
