import RedisClient

/// One call of a Lua script on a partition: what it sends, and how its reply reads.
///
/// The keys and arguments are named once, in ``encode(into:)``. The same names are the variables that the script's body uses:
/// ``LuaScript`` generates the lines that read them. A ``Partition`` is the only way to run one.
package protocol PartitionScript<Reply>: Sendable {
    associatedtype Reply

    static var lua: LuaScript { get }

    /// A call with one row of each kind, from which ``LuaScript`` learns the names.
    static var sample: Self { get }

    /// Which partitions the call may change. There is no default, so that none is forgotten.
    var fence: ScriptFence { get }

    /// Writes the keys and arguments. The sequence of names must not depend on the values.
    func encode(into call: inout ScriptEncoder)

    /// Throws ``RedisError/Code/protocolViolation`` if the reply does not have the script's form.
    func decode(_ reply: RESPValue) throws(RedisError) -> Reply
}

/// What has to hold for a script to run.
package enum ScriptFence: Hashable, Sendable {
    /// The partition is open, on the server and in the epoch that the process knows. A script checks the epoch before
    /// anything else and changes nothing if it is another.
    case epoch
    /// Nothing: the script changes nothing, or checks a lease or a token of its own.
    case none
}

extension PartitionScript {
    /// The error for a reply that is not of the script's form.
    package static func unreadable(mayHaveRun: Bool = true) -> RedisError {
        RedisError(
            .protocolViolation, "the script \(lua.script.name) replied in an unknown form", mayHaveRun: mayHaveRun)
    }
}

extension PartitionScript where Reply == Bool {
    /// 1 means done; 0 means that a condition did not hold and nothing was changed.
    package func decode(_ reply: RESPValue) throws(RedisError) -> Bool { reply.integer == 1 }
}

/// A code that a script replies with. Its cases are constants in the script, in upper case with underscores.
package protocol ScriptCode: RawRepresentable<Int>, CaseIterable, Sendable {}

extension ScriptCode {
    package init?(_ reply: RESPValue?) {
        guard let number = reply?.integer else { return nil }
        self.init(rawValue: Int(number))
    }

    /// `soldOut` is `SOLD_OUT`.
    static var constants: [String] {
        allCases.map { code in
            let name = "\(code)".reduce(into: "") { name, letter in
                if letter.isUppercase { name += "_" }
                name += letter.uppercased()
            }
            return "local \(name) = \(code.rawValue)"
        }
    }
}
