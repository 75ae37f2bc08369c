import Foundation

/// What one person has seen of a waiting room. Times are in milliseconds since the beginning of the run, and 0 if there is none.
struct Visit: Hashable, Sendable {
    struct Marks: OptionSet, Hashable, Sendable {
        let rawValue: UInt16

        /// The person has left without a reason to.
        static let gaveUp = Marks(rawValue: 1)
        static let soldOut = Marks(rawValue: 2)
        /// The service said that the sale is over.
        static let over = Marks(rawValue: 4)
        /// The service does not know the place that it gave.
        static let lost = Marks(rawValue: 8)
        /// The same customer got another place, although the first one was not used up.
        static let otherPlace = Marks(rawValue: 16)
        /// The pass had two different ends.
        static let twice = Marks(rawValue: 32)
        static let boughtWithoutPass = Marks(rawValue: 64)
        static let boughtLate = Marks(rawValue: 128)
        /// A pass that was valid was refused.
        static let refused = Marks(rawValue: 256)
        /// Waits again after being admitted.
        static let sentBack = Marks(rawValue: 512)
    }

    /// The number of the place; 0 without a place.
    var number: UInt32 = 0
    var joinedAt: UInt32 = 0
    /// When the last request was sent that was answered with `waiting`.
    var waitedAt: UInt32 = 0
    /// How many people were ahead in the first of these answers.
    var ahead: UInt32?
    /// When the answer arrived that had the pass first.
    var seenAt: UInt32 = 0
    /// When an answer said first that the pass has ended.
    var expiredAt: UInt32 = 0
    /// When it was admitted, on the clock of the service's store, in milliseconds since 1970; 0 if it was not seen.
    var admittedAt: Int64 = 0
    /// Units that were bought with the pass.
    var units: UInt32 = 0
    var marks: Marks = []
}

/// The text of a place, as far as a judge has to know it: `EVENT.` and, in base64url, a version, the generation and the number
/// in four bytes each, and more (see the API's `Place`).
enum PlaceText {
    /// The number of a place; nil if the text has none.
    static func number(of text: String) -> UInt32? {
        guard let dot = text.lastIndex(of: ".") else { return nil }
        // The first nine bytes are twelve characters, and the number is the last four of them.
        let digits = text[text.index(after: dot)...].prefix(12)
            .replacing("-", with: "+").replacing("_", with: "/")
        guard let bytes = Data(base64Encoded: String(digits)), bytes.count == 9 else { return nil }
        return bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
