/// A Lua script, as a file of this package holds it.
///
/// Connections load their scripts when they open and call them by the digest that Redis gave (EVALSHA); where Redis has
/// forgotten one, the call is sent once more with the source (EVAL).
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

/// The keys and arguments of one call of a script, written in the wire's form only when it is sent.
package struct RedisScriptCall: Sendable {
    package enum Argument: Hashable, Sendable {
        case text(String)
        case bytes([UInt8])
    }

    package let script: RedisScript
    /// The only server process that this may run on, by its run id; nil for any. Elsewhere it fails as fenced, unsent.
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
    package mutating func append(_ argument: some BinaryInteger) { arguments.append(.text(String(argument))) }

    /// The call as a command: by digest where one is known, with the source otherwise.
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
