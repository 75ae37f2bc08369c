package import Domain
import NIOCore
import RedisClient

/// Writes the keys and arguments of a script's call. For ``LuaScript``, it also records their names.
package struct ScriptEncoder {
    /// The keys of the partition that the call is for.
    package let keys: Keyspace
    private(set) var call: RedisScriptCall
    private(set) var layout: ScriptLayout?

    init(_ script: RedisScript, keys: Keyspace) {
        self.keys = keys
        call = RedisScriptCall(script)
    }

    /// An encoder that records names.
    init(recordingNamesOf script: RedisScript) {
        self.init(script, keys: Keyspace(partition: 0))
        layout = ScriptLayout()
    }

    package mutating func key(_ name: StaticString, _ key: String) {
        layout?.add(key: name)
        call.append(key: key)
    }

    /// The key of an order's record.
    package mutating func key(_ name: StaticString, recordOf id: OrderID) {
        layout?.add(key: name)
        call.appendKey(length: keys.orderPrefix.utf8.count + OrderID.secondHalfLength) { buffer in
            buffer.writeString(keys.orderPrefix)
            buffer.write(secondHalfOf: id)
        }
    }

    package mutating func text(_ name: StaticString, _ value: OrderID) {
        layout?.add(name, .text)
        call.appendArgument(length: OrderID.length) { $0.write(value) }
    }

    package mutating func text(_ name: StaticString, _ value: String) {
        layout?.add(name, .text)
        call.append(value)
    }

    package mutating func bytes(_ name: StaticString, _ value: [UInt8]) {
        layout?.add(name, .text)
        call.append(value)
    }

    /// A number. The script fails if it cannot read the text as a number.
    package mutating func number(_ name: StaticString, _ value: some BinaryInteger) {
        layout?.add(name, .number)
        call.append(value)
    }

    /// The text of a number; empty for nil.
    package mutating func optional(_ name: StaticString, _ value: (some BinaryInteger)?) {
        layout?.add(name, .text)
        call.append(value.map { String($0) } ?? "")
    }

    /// `true` or `false` in the script.
    package mutating func flag(_ name: StaticString, _ value: Bool) {
        layout?.add(name, .flag)
        call.append(value ? "1" : "0")
    }

    /// A list, which the script reads as a table of rows: `list[i].name`. Each row has the same names.
    package mutating func rows<Rows: Collection>(
        _ name: StaticString, _ rows: Rows, _ encode: (inout ScriptEncoder, Rows.Element) -> Void
    ) {
        list(name, rows, inColumns: false, encode)
    }

    /// A list, which the script reads as a table of columns: `list.name[i]`, and its length as `list.count`. For long lists:
    /// a table for each row cost Redis some 0.5 µs.
    package mutating func columns<Rows: Collection>(
        _ name: StaticString, _ rows: Rows, _ encode: (inout ScriptEncoder, Rows.Element) -> Void
    ) {
        list(name, rows, inColumns: true, encode)
    }

    private mutating func list<Rows: Collection>(
        _ name: StaticString, _ rows: Rows, inColumns: Bool, _ encode: (inout ScriptEncoder, Rows.Element) -> Void
    ) {
        call.append(rows.count)
        guard layout == nil else {
            layout?.beginRows(name, inColumns: inColumns)
            guard let first = rows.first else { preconditionFailure("the sample has no row of \(name)") }
            encode(&self, first)
            layout?.endRows()
            return
        }
        for row in rows { encode(&self, row) }
    }
}

/// The names of a script's keys and arguments, in their order.
struct ScriptLayout {
    enum Kind { case text, number, flag }

    struct Fields {
        var keys: [String] = []
        var arguments: [(name: String, kind: Kind)] = []
    }

    struct Rows {
        var name: String
        var isInColumns: Bool
        var fields = Fields()
    }

    private(set) var fixed = Fields()
    private(set) var rows: [Rows] = []
    private var isInRows = false

    mutating func add(key name: StaticString) {
        if isInRows {
            rows[rows.count - 1].fields.keys.append("\(name)")
        } else {
            precondition(rows.isEmpty, "single keys come before rows: \(name)")
            fixed.keys.append("\(name)")
        }
    }

    mutating func add(_ name: StaticString, _ kind: Kind) {
        if isInRows {
            rows[rows.count - 1].fields.arguments.append(("\(name)", kind))
        } else {
            precondition(rows.isEmpty, "single arguments come before rows: \(name)")
            fixed.arguments.append(("\(name)", kind))
        }
    }

    mutating func beginRows(_ name: StaticString, inColumns: Bool) {
        rows.append(Rows(name: "\(name)", isInColumns: inColumns))
        isInRows = true
    }

    mutating func endRows() { isInRows = false }
}
