import Domain
import NIOCore

/// A reader for the bodies that nearly all clients send, which makes no values of what it reads.
extension BuyRequest {
    /// Reads a body in a plain form: one object; the fields `event`, `quantity` and `customer`, each once at most; strings
    /// of printable ASCII characters without escapes; a quantity of digits. Nil for every other body, valid or not:
    /// ``StrictObject`` decides about it. So this never refuses a body, and both accept the same.
    static func plain(_ body: ByteBuffer) -> BuyRequest? {
        body.withUnsafeReadableBytes { bytes in
            var reader = PlainReader(bytes: bytes)
            return reader.buyRequest()
        }
    }
}

/// Reads tokens of JSON (RFC 8259) in their plain forms.
private struct PlainReader {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func buyRequest() -> BuyRequest? {
        var request = BuyRequest()
        var (hasEvent, hasQuantity) = (false, false)
        guard take("{") else { return nil }
        guard !take("}") else { return isAtEnd() ? request : nil }
        repeat {
            guard let name = string(), take(":") else { return nil }
            if name == "event", !hasEvent {
                guard let text = string(), let id = EventID(text) else { return nil }
                request.event = id
                hasEvent = true
            } else if name == "quantity", !hasQuantity {
                guard let number = number(), BuyRequest.quantityRange.contains(number) else { return nil }
                request.quantity = number
                hasQuantity = true
            } else if name == "customer", request.customer == nil {
                guard let text = string(), (1...128).contains(text.utf8.count) else { return nil }
                request.customer = text
            } else {
                return nil
            }
        } while take(",")
        return take("}") && isAtEnd() ? request : nil
    }

    /// Takes a character after any white space.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func isAtEnd() -> Bool {
        skipSpace()
        return index == bytes.count
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        let start = index
        while index < bytes.count, (0x20...0x7e).contains(bytes[index]), bytes[index] != UInt8(ascii: "\""),
            bytes[index] != UInt8(ascii: "\\")
        {
            index += 1
        }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
        index += 1
        return String(decoding: bytes[start..<(index - 1)], as: UTF8.self)
    }

    private mutating func number() -> Int? {
        skipSpace()
        let start = index
        var value = 0
        while index < bytes.count, (0x30...0x39).contains(bytes[index]), index - start < 9 {
            value = value * 10 + Int(bytes[index] - 0x30)
            index += 1
        }
        // A longer number, or one with a fraction or an exponent, is followed by another character than a delimiter.
        return index > start && bytes[start] != 0x30 ? value : nil
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0a, 0x0d, 0x09: index += 1
            default: return
            }
        }
    }
}
