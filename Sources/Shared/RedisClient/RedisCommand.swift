import NIOCore

/// A command in the format of the protocol: an array of bulk strings.
package struct RedisCommand: Sendable {
    private var count = 0
    private var arguments = ByteBuffer()

    package init(_ name: String, _ arguments: String...) {
        append(name)
        for argument in arguments { append(argument) }
    }

    /// - Parameter words: the name and the arguments.
    package init(_ words: [String]) {
        for word in words { append(word) }
    }

    /// Appends one argument.
    package mutating func append(_ argument: String) {
        count += 1
        Self.writeHeader(UInt8(ascii: "$"), argument.utf8.count, to: &arguments)
        arguments.writeString(argument)
        arguments.writeStaticString("\r\n")
    }

    package mutating func append(_ argument: [UInt8]) {
        count += 1
        Self.writeHeader(UInt8(ascii: "$"), argument.count, to: &arguments)
        arguments.writeBytes(argument)
        arguments.writeStaticString("\r\n")
    }

    @inlinable package mutating func append(_ argument: some BinaryInteger) {
        append(String(argument))
    }

    /// Writes the command to a buffer.
    package func encode(into buffer: inout ByteBuffer) {
        Self.writeHeader(UInt8(ascii: "*"), count, to: &buffer)
        buffer.writeImmutableBuffer(arguments)
    }

    private static func writeHeader(_ kind: UInt8, _ value: Int, to buffer: inout ByteBuffer) {
        buffer.writeInteger(kind)
        buffer.writeString(String(value))
        buffer.writeStaticString("\r\n")
    }
}
