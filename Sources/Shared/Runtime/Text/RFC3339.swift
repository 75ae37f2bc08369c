package import Domain
import Foundation
import NIOCore

/// Times in the format of RFC 3339, in UTC with milliseconds.
package enum RFC3339 {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let wholeSeconds = Date.ISO8601FormatStyle()

    package static func text(_ time: Timestamp) -> String {
        var buffer = ByteBuffer()
        buffer.writeRFC3339(time)
        return String(buffer: buffer)
    }

    /// Parses a time with or without fractions of a second, truncated to milliseconds; nil if it is not valid.
    package static func timestamp(_ text: String) -> Timestamp? {
        let text = text.uppercased()
        guard isInRange(text), let date = (try? style.parse(text)) ?? (try? wholeSeconds.parse(text)) else {
            return nil
        }
        return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000 + 0.25).rounded(.down)))
    }

    /// Whether all fields are in range. Foundation's parser carries fields that are out of range over (12:99 becomes
    /// 13:39, 31 February becomes 3 March), so the time is formatted again and compared.
    private static func isInRange(_ text: String) -> Bool {
        let local = text.prefix(19) + "Z"
        guard let date = try? wholeSeconds.parse(String(local)), date.formatted(wholeSeconds) == local else {
            return false
        }
        let zone = text.dropFirst(19).drop { $0 == "." || $0.isWholeNumber }
        let offset = zone.dropFirst().split(separator: ":").map { Int($0) }
        return zone == "Z"
            || offset.count == 2 && (0...23).contains(offset[0] ?? -1) && (0...59).contains(offset[1] ?? -1)
    }
}
