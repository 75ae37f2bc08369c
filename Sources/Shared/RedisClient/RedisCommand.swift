package import NIOCore

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
        arguments.writeBulkString(argument)
    }

    package mutating func append(_ argument: [UInt8]) {
        count += 1
        arguments.writeBulkString(argument)
    }

    package mutating func append(_ argument: some BinaryInteger) {
        count += 1
        arguments.writeBulkString(argument)
    }

    /// Appends arguments that are encoded already.
    mutating func append(_ encoded: ByteBuffer, count: Int) {
        self.count += count
        arguments.writeImmutableBuffer(encoded)
    }

    /// Writes the command to a buffer.
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeRESPHeader("*", count)
        buffer.writeImmutableBuffer(arguments)
    }
}
