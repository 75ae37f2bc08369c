import NIOCore

/// The encoding of bulk strings in RESP2.
extension ByteBuffer {
    mutating func writeBulkString(_ text: String) {
        writeBulkString(length: text.utf8.count) { $0.writeString(text) }
    }

    mutating func writeBulkString(_ bytes: [UInt8]) {
        writeBulkString(length: bytes.count) { $0.writeBytes(bytes) }
    }

    mutating func writeBulkString(_ number: some BinaryInteger) {
        // Most numbers are small.
        if let digit = UInt8(exactly: number), digit < 10 {
            writeStaticString("$1\r\n")
            writeInteger(UInt8(ascii: "0") + digit)
            writeStaticString("\r\n")
        } else {
            writeBulkString(String(number))
        }
    }

    /// Writes a bulk string whose bytes `write` writes. It must write exactly `length` bytes.
    mutating func writeBulkString(length: Int, _ write: (inout ByteBuffer) -> Void) {
        writeRESPHeader("$", length)
        let start = writerIndex
        write(&self)
        precondition(writerIndex - start == length, "a bulk string of \(length) bytes has \(writerIndex - start)")
        writeStaticString("\r\n")
    }

    /// `$` or `*`, a length, and the end of the line.
    mutating func writeRESPHeader(_ kind: Unicode.Scalar, _ value: Int) {
        writeInteger(UInt8(ascii: kind))
        writeString(String(value))
        writeStaticString("\r\n")
    }
}
