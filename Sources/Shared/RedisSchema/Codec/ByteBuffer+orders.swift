package import Domain
package import NIOCore

extension ByteBuffer {
    /// Writes the 36 characters of an id.
    package mutating func write(_ id: OrderID) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: OrderID.length) { bytes in
            id.write(to: bytes.bindMemory(to: UInt8.self))
            return OrderID.length
        }
    }

    /// Writes the part of an id that names its record.
    mutating func write(secondHalfOf id: OrderID) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: OrderID.secondHalfLength) { bytes in
            id.writeSecondHalf(to: bytes.bindMemory(to: UInt8.self))
            return OrderID.secondHalfLength
        }
    }
}
