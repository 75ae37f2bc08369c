package import RedisClient

/// One call of a Lua script on a partition: its keys and arguments, and the decoding of its reply.
///
/// The keys and arguments are named once, in ``encode(into:)``. The script's body uses the same names as variables:
/// ``LuaScript`` generates the lines that read them. Only a ``Partition`` can run a script.
package protocol PartitionScript<Reply>: Sendable {
    associatedtype Reply

    static var lua: LuaScript { get }

    /// A call with one row in each list, from which ``LuaScript`` reads the names.
    static var sample: Self { get }

    /// The precondition of the call. It has no default, so that no script omits it by mistake.
    var fence: ScriptFence { get }

    /// Whether the reply is an acknowledgement that a loss of the primary must not undo: the call waits for replicas as
    /// ``Durability`` says. False for what the ledger has already, and for what a recovery repeats.
    static var waitsForReplicas: Bool { get }

    /// Writes the keys and arguments. The sequence of names must not depend on the values.
    func encode(into call: inout ScriptEncoder)

    /// Throws ``RedisError/Code/protocolViolation`` if the reply does not have the script's form.
    func decode(_ reply: RESPValue) throws(RedisError) -> Reply
}

/// The precondition under which a script runs.
package enum ScriptFence: Hashable, Sendable {
    /// The partition is open, and the call reaches the server and the epoch that this process knows. The script checks
    /// the epoch first and changes nothing if it differs.
    case epoch
    /// None: the script only reads, or is safe in any epoch because it checks a lease, a token or a revision by itself.
    case none
}

extension PartitionScript {
    package static var waitsForReplicas: Bool { false }

    /// The error for a reply in an unknown form.
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
