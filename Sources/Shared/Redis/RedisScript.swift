/// A Lua script, as a file of this package holds it.
///
/// Connections load their scripts when they open and call them by the digest that Redis gave (EVALSHA); where Redis has
/// forgotten one, the call is sent once more with the source (EVAL).
public struct RedisScript: Hashable, Sendable {
    public let name: String
    public let source: String

    public init(name: String, source: [UInt8]) {
        self.name = name
        self.source = String(decoding: source, as: UTF8.self)
    }

    public static func == (left: RedisScript, right: RedisScript) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// The keys and arguments of one call of a script.
public struct RedisScriptCall: Sendable {
    public let script: RedisScript
    /// The only server process that this may run on, by its run id; nil for any. Elsewhere it fails as fenced, unsent.
    public var server: String?
    private var keyCount = 0
    private var keys = RedisCommand()
    private var arguments = RedisCommand()

    public init(_ script: RedisScript, keys: [String] = [], arguments: [String] = []) {
        self.script = script
        for key in keys { append(key: key) }
        for argument in arguments { append(argument) }
    }

    public mutating func append(key: String) {
        keyCount += 1
        keys.append(key)
    }

    public mutating func append(_ argument: String) { arguments.append(argument) }
    public mutating func append(_ argument: [UInt8]) { arguments.append(argument) }
    public mutating func append(_ argument: some BinaryInteger) { arguments.append(argument) }

    /// The call as a command: by digest where one is known, with the source otherwise.
    func command(digest: String?) -> RedisCommand {
        var command = digest.map { RedisCommand("EVALSHA", $0) } ?? RedisCommand("EVAL", script.source)
        command.append(keyCount)
        command.append(contentsOf: keys)
        command.append(contentsOf: arguments)
        return command
    }
}
