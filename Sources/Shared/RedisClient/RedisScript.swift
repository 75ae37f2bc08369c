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

/// One call of a script: its keys and arguments. It is encoded when it is sent.
package struct RedisScriptCall: Sendable {
    package enum Argument: Hashable, Sendable {
        case text(String)
        case bytes([UInt8])
    }

    package let script: RedisScript
    /// The run id of the only server process that may run the call; nil for any. If another server answers, the call is
    /// not sent and fails with `.preconditionFailed`.
    package var server: String?
    package private(set) var keys: [String]
    package private(set) var arguments: [Argument]

    package init(_ script: RedisScript, keys: [String] = [], arguments: [String] = []) {
        self.script = script
        self.keys = keys
        self.arguments = arguments.map(Argument.text)
    }

    package mutating func append(key: String) { keys.append(key) }
    package mutating func append(_ argument: String) { arguments.append(.text(argument)) }
    package mutating func append(_ argument: [UInt8]) { arguments.append(.bytes(argument)) }
    @inlinable package mutating func append(_ argument: some BinaryInteger) { append(String(argument)) }

    /// The call as a command: by its digest, or with its source if the digest is nil.
    package func command(digest: String?) -> RedisCommand {
        var command = digest.map { RedisCommand("EVALSHA", $0) } ?? RedisCommand("EVAL", script.source)
        command.append(keys.count)
        for key in keys { command.append(key) }
        for argument in arguments {
            switch argument {
            case .text(let text): command.append(text)
            case .bytes(let bytes): command.append(bytes)
            }
        }
        return command
    }
}
