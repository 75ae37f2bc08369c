package import Domain
package import NIOCore

/// Writes one JSON object to a buffer, field by field. The responses of a rush are written with it; ``JSONObject`` is for
/// objects that are put together in several places.
package struct JSONWriter {
    package private(set) var buffer: ByteBuffer
    private var isEmpty = true

    package init(capacity: Int = 256) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
        buffer.writeInteger(UInt8(ascii: "{"))
    }

    package mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        buffer.writeJSONString(value)
    }

    package mutating func field(_ name: StaticString, _ value: Int) {
        begin(name)
        buffer.writeDecimal(value)
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        begin(name)
        buffer.writeStaticString(value ? "true" : "false")
    }

    package mutating func field(_ name: StaticString, _ value: Timestamp) {
        begin(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeRFC3339(value)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// A string that `write` writes, and that needs no escapes.
    package mutating func field(_ name: StaticString, _ write: (inout ByteBuffer) -> Void) {
        begin(name)
        buffer.writeInteger(UInt8(ascii: "\""))
        write(&buffer)
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Ends the object. Nothing may be written after it.
    package consuming func end() -> ByteBuffer {
        buffer.writeInteger(UInt8(ascii: "}"))
        return buffer
    }

    /// - Parameter name: needs no escapes.
    private mutating func begin(_ name: StaticString) {
        buffer.writeStaticString(isEmpty ? "\"" : ",\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        isEmpty = false
    }
}

extension ByteBuffer {
    /// Writes a string with quotation marks, and with the escapes that RFC 8259, section 7, requires.
    mutating func writeJSONString(_ value: String) {
        writeInteger(UInt8(ascii: "\""))
        if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) {
            writeString(value)
        } else {
            for byte in value.utf8 { writeEscaped(byte) }
        }
        writeInteger(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case UInt8(ascii: "\n"): writeStaticString("\\n")
        case UInt8(ascii: "\r"): writeStaticString("\\r")
        case UInt8(ascii: "\t"): writeStaticString("\\t")
        case ..<0x20:
            writeStaticString("\\u00")
            writeInteger(UInt8(ascii: "0") + byte >> 4)
            let digit = byte & 0x0f
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        default: writeInteger(byte)
        }
    }
}
