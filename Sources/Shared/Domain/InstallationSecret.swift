/// The secret of an installation: 32 random bytes, with which the ids of orders are made from idempotency keys. It is in the
/// ledger and in the memory of the programs, and nowhere else: its description does not show it.
package struct InstallationSecret: Hashable, Sendable {
    /// In bytes.
    package static let size = 32

    package let bytes: [UInt8]
    /// From when on new ids are made with the secret. Before that, programs of an earlier release may run, which make ids
    /// without it.
    package var keyedFrom: Timestamp

    /// A new secret, from the random numbers of the operating system.
    package init(keyedFrom: Timestamp = Timestamp(milliseconds: 0)) {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.size).map { _ in generator.next() }
        self.keyedFrom = keyedFrom
    }

    /// Nil if the text is not 32 bytes in hexadecimal digits.
    package init?(hexadecimal: String, keyedFrom: Timestamp) {
        let digits = hexadecimal.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
        guard digits.count == 2 * Self.size, hexadecimal.count == digits.count else { return nil }
        bytes = (0..<Self.size).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
        self.keyedFrom = keyedFrom
    }

    package var hexadecimal: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension InstallationSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "a secret" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
