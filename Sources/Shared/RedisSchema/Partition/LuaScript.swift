package import RedisClient

/// A script in the form that is loaded into Redis: a generated head, and the body from its `.lua` file.
///
/// The head checks the epoch, defines the codes, reads the keys and arguments into variables, and contains the parts of
/// the prelude that the body uses.
package struct LuaScript: Sendable {
    /// The flags of the first line. See "script flags" in the documentation of Redis.
    package enum Flag: String, Sendable {
        /// Runs at `maxmemory` too: scripts that empty the queue must not be refused when the memory is full.
        case allowOutOfMemory = " flags=allow-oom"
        case noWrites = " flags=no-writes"
        case none = ""
    }

    /// Functions that several scripts use.
    package enum Prelude: Sendable, CaseIterable {
        case numbers, clock, lists, customers, releases, orders, confirmed, forgotten, holders, holds, lease, messages,
            places, rooms

        var source: [UInt8] {
            switch self {
            case .numbers: PackageResources.numbers_lua
            case .clock: PackageResources.clock_lua
            case .lists: PackageResources.lists_lua
            case .customers: PackageResources.customers_lua
            case .releases: PackageResources.releases_lua
            case .orders: PackageResources.orders_lua
            case .confirmed: PackageResources.confirmed_lua
            case .forgotten: PackageResources.forgotten_lua
            case .holders: PackageResources.holders_lua
            case .holds: PackageResources.holds_lua
            case .lease: PackageResources.lease_lua
            case .messages: PackageResources.messages_lua
            case .places: PackageResources.places_lua
            case .rooms: PackageResources.rooms_lua
            }
        }
    }

    package let script: RedisScript

    /// - Parameters:
    ///   - type: the type of the script's calls.
    ///   - prelude: the parts that the body uses, in the order in which they are defined.
    ///   - codes: the codes with which the script replies.
    package init<Call: PartitionScript>(
        _ type: Call.Type, _ name: String, _ body: [UInt8], _ flag: Flag = .none, prelude: [Prelude] = [],
        codes: [any ScriptCode.Type] = []
    ) {
        var encoder = ScriptEncoder(recordingNamesOf: RedisScript(name: name, source: []))
        Call.sample.encode(into: &encoder)
        var parts = ["#!lua\(flag.rawValue)", Self.base, Self.epochCheck(name)]
        parts += codes.flatMap { $0.constants }
        if let layout = encoder.layout { parts.append(Self.reading(layout, name)) }
        parts += prelude.map { String(decoding: $0.source, as: UTF8.self) }
        parts.append(String(decoding: body, as: UTF8.self))
        script = RedisScript(name: name, source: Array(parts.joined(separator: "\n").utf8))
    }

    private static let base =
        "local KEYS, ARGV, call, tonumber, unpack, math, string = KEYS, ARGV, redis.call, tonumber, unpack, math, string"

    /// The last key is the epoch's; the one before is the guard key, which is declared and not used. The last argument is the epoch that the caller knows; it is empty if the call has
    /// no fence.
    private static func epochCheck(_ name: String) -> String {
        """
        if ARGV[#ARGV] ~= '' and call('GET', KEYS[#KEYS]) ~= ARGV[#ARGV] then
          return redis.error_reply('FENCED \(name): the epoch is another')
        end
        """
    }

    // MARK: Reading keys and arguments

    private static func reading(_ layout: ScriptLayout, _ name: String) -> String {
        let (keys, arguments) = (layout.fixed.keys, layout.fixed.arguments)
        var lines: [String] = []
        if !keys.isEmpty {
            let values = keys.indices.map { "KEYS[\($0 + 1)]" }
            lines.append("local \(keys.joined(separator: ", ")) = \(values.joined(separator: ", "))")
        }
        if !arguments.isEmpty {
            let values = arguments.enumerated().map { read("ARGV[\($0 + 1)]", as: $1.kind) }
            lines.append(
                "local \(arguments.map(\.name).joined(separator: ", ")) = \(values.joined(separator: ", "))")
        }
        let numbers = arguments.filter { $0.kind == .number }.map { "not \($0.name)" }
        if !numbers.isEmpty { lines.append("if \(numbers.joined(separator: " or ")) then \(malformed(name)) end") }
        guard !layout.rows.isEmpty else {
            lines.append(
                "if #KEYS ~= \(keys.count + 2) or #ARGV ~= \(arguments.count + 1) then \(malformed(name)) end")
            return lines.joined(separator: "\n")
        }
        lines.append("local key_at, argument_at = \(keys.count), \(arguments.count)")
        lines += layout.rows.map { reading($0, name) }
        lines.append("if #KEYS ~= key_at + 2 or #ARGV ~= argument_at + 1 then \(malformed(name)) end")
        return lines.joined(separator: "\n")
    }

    private static func reading(_ rows: ScriptLayout.Rows, _ name: String) -> String {
        let fields = rows.fields
        if rows.isInColumns { return readingColumns(rows, name) }
        var values = fields.keys.enumerated().map { "\($1) = KEYS[key_at + \($0 + 1)]" }
        values += fields.arguments.enumerated().map {
            "\($1.name) = \(read("ARGV[argument_at + \($0 + 1)]", as: $1.kind))"
        }
        let numbers = fields.arguments.filter { $0.kind == .number }.map { "not row.\($0.name)" }
        let check = numbers.isEmpty ? "" : "\n  if \(numbers.joined(separator: " or ")) then \(malformed(name)) end"
        return """
            local \(rows.name) = {}
            argument_at = argument_at + 1
            for i = 1, tonumber(ARGV[argument_at]) or 0 do
              local row = { \(values.joined(separator: ", ")) }\(check)
              \(rows.name)[i] = row
              key_at, argument_at = key_at + \(fields.keys.count), argument_at + \(fields.arguments.count)
            end
            """
    }

    private static func readingColumns(_ rows: ScriptLayout.Rows, _ name: String) -> String {
        let fields = rows.fields
        var columns = fields.keys.enumerated().map { ($1, "KEYS[key_at + \($0 + 1)]") }
        columns += fields.arguments.enumerated().map {
            ($1.name, read("ARGV[argument_at + \($0 + 1)]", as: $1.kind))
        }
        let names = columns.map(\.0)
        let numbers = fields.arguments.filter { $0.kind == .number }.map { "not \($0.name)[i]" }
        let check = numbers.isEmpty ? "" : "\n    if \(numbers.joined(separator: " or ")) then \(malformed(name)) end"
        return """
            local \(rows.name) = { count = tonumber(ARGV[argument_at + 1]) or 0 }
            argument_at = argument_at + 1
            do
              local \(names.joined(separator: ", ")) = \(names.map { _ in "{}" }.joined(separator: ", "))
              for i = 1, \(rows.name).count do
                \(names.map { "\($0)[i]" }.joined(separator: ", ")) = \(columns.map(\.1).joined(separator: ", "))\(check)
                key_at, argument_at = key_at + \(fields.keys.count), argument_at + \(fields.arguments.count)
              end
              \(names.map { "\(rows.name).\($0)" }.joined(separator: ", ")) = \(names.joined(separator: ", "))
            end
            """
    }

    private static func read(_ value: String, as kind: ScriptLayout.Kind) -> String {
        switch kind {
        case .text: value
        case .number: "tonumber(\(value) or '')"
        case .flag: "\(value) == '1'"
        }
    }

    private static func malformed(_ name: String) -> String {
        "return redis.error_reply('ERR \(name): keys and arguments do not match')"
    }
}
