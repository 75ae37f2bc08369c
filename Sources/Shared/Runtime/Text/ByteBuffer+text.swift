package import Domain
package import NIOCore

/// Text that is written by bytes, because each response of a rush contains it.
extension ByteBuffer {
    /// Writes a number that is not negative in decimal digits, with leading zeros up to `width` digits.
    package mutating func writeDecimal(_ value: Int, width: Int = 1) {
        precondition(value >= 0)
        var (divisor, digits) = (1, 1)
        while value / divisor >= 10 || digits < width {
            divisor *= 10
            digits += 1
        }
        while divisor > 0 {
            writeInteger(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// Writes 16 hexadecimal digits.
    package mutating func writeHexadecimal(_ value: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0x0f
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Writes a time as RFC 3339 prescribes, in UTC with milliseconds: `2026-01-31T12:00:00.000Z`.
    package mutating func writeRFC3339(_ time: Timestamp) {
        let time = CivilTime(time)
        writeDecimal(max(0, time.year), width: 4)
        write(UInt8(ascii: "-"), time.month)
        write(UInt8(ascii: "-"), time.day)
        write(UInt8(ascii: "T"), time.hour)
        write(UInt8(ascii: ":"), time.minute)
        write(UInt8(ascii: ":"), time.second)
        writeInteger(UInt8(ascii: "."))
        writeDecimal(time.millisecond, width: 3)
        writeInteger(UInt8(ascii: "Z"))
    }

    /// Writes a time as the header `Date` has it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    package mutating func writeHTTPDate(_ time: Timestamp) {
        let days: [StaticString] = ["Sun, ", "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, "]
        let months: [StaticString] = [
            " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
        ]
        let time = CivilTime(time)
        writeStaticString(days[time.weekday])
        writeDecimal(time.day, width: 2)
        writeStaticString(months[time.month - 1])
        writeDecimal(max(0, time.year), width: 4)
        write(UInt8(ascii: " "), time.hour)
        write(UInt8(ascii: ":"), time.minute)
        write(UInt8(ascii: ":"), time.second)
        writeStaticString(" GMT")
    }

    private mutating func write(_ separator: UInt8, _ twoDigits: Int) {
        writeInteger(separator)
        writeInteger(UInt8(ascii: "0") + UInt8(twoDigits / 10))
        writeInteger(UInt8(ascii: "0") + UInt8(twoDigits % 10))
    }
}
