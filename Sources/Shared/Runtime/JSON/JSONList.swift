package import NIOCore

/// Writes one JSON object whose only field is an array of objects, one object after another.
package struct JSONList {
    private var buffer = ByteBuffer()
    private var isEmpty = true

    /// - Parameter name: the name of the field; needs no escapes.
    package init(_ name: StaticString) {
        buffer.writeStaticString("{\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":[")
    }

    /// - Parameter object: a JSON object.
    package mutating func add(_ object: ByteBuffer) {
        if !isEmpty { buffer.writeInteger(UInt8(ascii: ",")) }
        isEmpty = false
        buffer.writeImmutableBuffer(object)
    }

    /// Ends the array and the object. Nothing may be added after it.
    package consuming func end() -> ByteBuffer {
        buffer.writeStaticString("]}")
        return buffer
    }
}
