package import NIOCore

/// A Lua script.
///
/// A connection loads its scripts when it opens, and calls them by their digest (EVALSHA). If Redis does not have a
/// script any more, the call is sent once more with the source (EVAL).
package struct RedisScript: Hashable, Sendable {
    package let name: String
    package let source: String

    package init(name: String, source: [UInt8]) {
        self.name = name
        self.source = String(decoding: source, as: UTF8.self)
    }

    package static func == (left: RedisScript, right: RedisScript) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// One call of a script: its keys and arguments, in the bytes that are sent.
package struct RedisScriptCall: Sendable {
    package let script: RedisScript
    /// The run id of the only server process that may run the call; nil for any. If another server answers, the call is
    /// not sent and fails with `.preconditionFailed`.
    package var server: String?
    /// The number of replicas that the reply waits for; 0 for none.
    package var replicas = 0
    private var keyCount = 0
    private var argumentCount = 0
    private var keys = ByteBuffer()
    private var arguments = ByteBuffer()

    package init(_ script: RedisScript, keys: [String] = [], arguments: [String] = []) {
        self.script = script
        for key in keys { append(key: key) }
        for argument in arguments { append(argument) }
    }

    package mutating func append(key: String) {
        keyCount += 1
        keys.writeBulkString(key)
    }

    package mutating func append(_ argument: String) {
        argumentCount += 1
        arguments.writeBulkString(argument)
    }

    package mutating func append(_ argument: [UInt8]) {
        argumentCount += 1
        arguments.writeBulkString(argument)
    }

    package mutating func append(_ argument: some BinaryInteger) {
        argumentCount += 1
        arguments.writeBulkString(argument)
    }

    /// Appends a key that `write` writes in exactly `length` bytes.
    package mutating func appendKey(length: Int, _ write: (inout ByteBuffer) -> Void) {
        keyCount += 1
        keys.writeBulkString(length: length, write)
    }

    /// Appends an argument that `write` writes in exactly `length` bytes.
    package mutating func appendArgument(length: Int, _ write: (inout ByteBuffer) -> Void) {
        argumentCount += 1
        arguments.writeBulkString(length: length, write)
    }

    /// The call as a command: by its digest, or with its source if the digest is nil.
    package func command(digest: String?) -> RedisCommand {
        var command = digest.map { RedisCommand("EVALSHA", $0) } ?? RedisCommand("EVAL", script.source)
        command.append(keyCount)
        command.append(keys, count: keyCount)
        command.append(arguments, count: argumentCount)
        return command
    }
}

/// The reply of a script.
package struct RedisScriptReply: Hashable, Sendable {
    package var value: RESPValue
    /// Whether as many replicas as the call requires have received the writes of this connection, also those of this call.
    package var isReplicated: Bool
}
