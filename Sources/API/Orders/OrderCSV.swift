import Domain
import Ledger
import NIOCore
import RedisSchema
import Runtime

/// Orders as comma-separated values (RFC 4180), in UTF-8, with CRLF at the end of each line.
enum OrderCSV {
    static let header =
        "ticket_id,event,customer,quantity,status,reason,version,claimed_at,confirmed_at,expires_at,recorded_at\r\n"

    static func write(_ order: LedgerOrder, to buffer: inout ByteBuffer) {
        buffer.write(order.id)
        buffer.writeCell(order.event.description)
        buffer.writeCell(order.customer)
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeDecimal(order.quantity)
        buffer.writeCell(order.state.rawValue)
        buffer.writeCell(order.reason)
        buffer.writeInteger(UInt8(ascii: ","))
        buffer.writeDecimal(order.version)
        for time in [order.claimedAt, order.confirmedAt, order.expiresAt, order.recordedAt] {
            buffer.writeInteger(UInt8(ascii: ","))
            if let time { buffer.writeRFC3339(time) }
        }
        buffer.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    /// Writes a comma and a text.
    ///
    /// A spreadsheet runs a cell as a formula if it begins with one of `=`, `+`, `-`, `@`, tab and carriage return. Such a text
    /// gets an apostrophe before it.
    fileprivate mutating func writeCell(_ text: String?) {
        writeInteger(UInt8(ascii: ","))
        guard let text, let first = text.utf8.first else { return }
        let isFormula = "=+-@\t\r".utf8.contains(first)
        let isQuoted = text.utf8.contains { ",\"\r\n".utf8.contains($0) }
        if isQuoted { writeInteger(UInt8(ascii: "\"")) }
        if isFormula { writeInteger(UInt8(ascii: "'")) }
        if isQuoted {
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") { writeInteger(byte) }
                writeInteger(byte)
            }
            writeInteger(UInt8(ascii: "\""))
        } else {
            writeString(text)
        }
    }
}
