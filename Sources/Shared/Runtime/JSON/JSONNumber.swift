/// A number of JSON, exact and of any size: no digit is rounded away. Numbers are equal if their values are: `1.0`, `10e-1`
/// and `1` are one number.
package struct JSONNumber: Hashable, Sendable {
    /// A bound of exponents, far above the length of a body.
    private static let exponentLimit = 1_000_000_000

    private let isNegative: Bool
    /// The values of the digits, without zeros at the ends; empty for 0.
    private let digits: [UInt8]
    /// The power of ten by which `digits` are multiplied.
    private let exponent: Int

    /// - Parameters:
    ///   - whole: the digits before the decimal point, as ASCII characters.
    ///   - fraction: the digits after it.
    ///   - exponent: the digits of the exponent.
    init(
        isNegative: Bool, whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>,
        exponentIsNegative: Bool
    ) {
        let all = (whole + fraction).map { $0 - UInt8(ascii: "0") }
        let leading = all.prefix { $0 == 0 }.count
        let trailing = all.dropFirst(leading).reversed().prefix { $0 == 0 }.count
        digits = Array(all[leading..<(all.count - trailing)])
        self.isNegative = isNegative && !digits.isEmpty
        let power = exponent.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), Self.exponentLimit) }
        self.exponent = digits.isEmpty ? 0 : (exponentIsNegative ? -power : power) - fraction.count + trailing
    }

    /// The number of digits before the decimal point; negative or 0 for a number below 1.
    package var magnitude: Int { digits.count + exponent }

    /// The number; nil if it has a fraction or does not fit.
    package var integer: Int? { exponent >= 0 ? truncated : nil }

    /// The number without its fraction; nil if it does not fit.
    package var truncated: Int? {
        guard magnitude <= 19 else { return nil }
        var value = 0
        for digit in digits.prefix(max(0, magnitude)) + Array(repeating: 0, count: max(0, exponent)) {
            let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            // Downwards, because the lowest integer has no positive counterpart.
            let (next, overflows) = tenfold.subtractingReportingOverflow(Int(digit))
            guard !isTooLarge, !overflows else { return nil }
            value = next
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }
}
