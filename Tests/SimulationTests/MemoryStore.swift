@testable import RedisClient

/// The data of Redis in memory, as a value: a copy is a snapshot. It implements the commands that the scripts use, with
/// the replies of Redis.
struct MemoryStore: Hashable {
    enum Value: Hashable {
        case string(String)
        case list([String])
        case hash([String: String])
        case sorted([String: Double])
        case set(Set<String>)
    }

    var values: [String: Value] = [:]
    /// Milliseconds since 1970.
    var now = 1_800_000_000_000

    private static let wrongType = RESPValue.error("WRONGTYPE Operation against a key holding the wrong kind of value")

    mutating func run(_ command: [String]) -> RESPValue {
        switch command[0].uppercased() {
        case "TIME": .array([Self.text("\(now / 1000)"), Self.text("\(now % 1000 * 1000)")])
        case "SPUBLISH": .integer(0)
        case "EXPIRE": .integer(values[command[1]] == nil ? 0 : 1)
        case "EXISTS": .integer(Int64(command.dropFirst().count { values[$0] != nil }))
        case "DEL", "UNLINK": delete(command.dropFirst())
        case "RENAME": rename(command[1], command[2])
        case "GET", "SET", "MGET", "MSET", "INCR", "INCRBY", "DECR", "DECRBY": strings(command)
        case "LLEN", "LRANGE", "LINDEX", "RPUSH", "LPUSH", "LPOP", "LTRIM": lists(command)
        case "SADD", "SREM", "SISMEMBER", "SCARD": sets(command)
        case "HEXISTS", "HGET", "HSET", "HMGET", "HDEL", "HINCRBY", "HLEN", "HVALS", "HGETALL": hashes(command)
        default: sorted(command)
        }
    }

    private mutating func delete(_ keys: some Sequence<String>) -> RESPValue {
        .integer(Int64(keys.count { values.removeValue(forKey: $0) != nil }))
    }

    private mutating func rename(_ from: String, _ to: String) -> RESPValue {
        guard let value = values.removeValue(forKey: from) else { return .error("ERR no such key") }
        values[to] = value
        return .simpleString("OK")
    }

    // MARK: Strings

    private mutating func strings(_ command: [String]) -> RESPValue {
        let key = command[1]
        switch command[0].uppercased() {
        case "GET":
            switch values[key] {
            case .string(let text): return Self.text(text)
            case nil: return .null
            default: return Self.wrongType
            }
        case "SET":
            values[key] = .string(command[2])
            return .simpleString("OK")
        case "MGET":
            return .array(
                command.dropFirst().map { if case .string(let text) = values[$0] { Self.text(text) } else { .null } })
        case "MSET":
            for index in stride(from: 1, to: command.count - 1, by: 2) {
                values[command[index]] = .string(command[index + 1])
            }
            return .simpleString("OK")
        default:
            var by = command.count > 2 ? Int64(command[2]) ?? 0 : 1
            if command[0].hasPrefix("D") { by = -by }
            switch values[key] {
            case .string(let text):
                guard let before = Int64(text) else { return .error("ERR value is not an integer or out of range") }
                by += before
            case nil: break
            default: return Self.wrongType
            }
            values[key] = .string(String(by))
            return .integer(by)
        }
    }

    // MARK: Lists

    private mutating func lists(_ command: [String]) -> RESPValue {
        let key = command[1]
        var list: [String]
        switch values[key] {
        case .list(let present): list = present
        case nil: list = []
        default: return Self.wrongType
        }
        switch command[0].uppercased() {
        case "LLEN": return .integer(Int64(list.count))
        case "LINDEX":
            let index = Int(command[2]) ?? 0
            return list.indices.contains(index) ? Self.text(list[index]) : .null
        case "LRANGE": return .array(Self.slice(list, command[2], command[3]).map(Self.text))
        case "RPUSH": list += command.dropFirst(2)
        case "LPUSH": for element in command.dropFirst(2) { list.insert(element, at: 0) }
        case "LPOP":
            guard !list.isEmpty else { return .null }
            let first = list.removeFirst()
            put(list, key)
            return Self.text(first)
        default:
            put(Array(Self.slice(list, command[2], command[3])), key)
            return .simpleString("OK")
        }
        put(list, key)
        return .integer(Int64(list.count))
    }

    private mutating func put(_ list: [String], _ key: String) { values[key] = list.isEmpty ? nil : .list(list) }

    /// The elements of an inclusive range; negative indexes count from the end.
    static func slice<Element>(_ elements: [Element], _ from: String, _ to: String) -> ArraySlice<Element> {
        var (first, last) = (Int(from) ?? 0, Int(to) ?? 0)
        if first < 0 { first = max(0, elements.count + first) }
        if last < 0 { last += elements.count }
        last = min(last, elements.count - 1)
        return first <= last ? elements[first...last] : []
    }

    // MARK: Hashes

    private mutating func hashes(_ command: [String]) -> RESPValue {
        let key = command[1]
        var hash: [String: String]
        switch values[key] {
        case .hash(let present): hash = present
        case nil: hash = [:]
        default: return Self.wrongType
        }
        var reply = RESPValue.integer(0)
        switch command[0].uppercased() {
        case "HGET": return hash[command[2]].map(Self.text) ?? .null
        case "HEXISTS": return .integer(hash[command[2]] == nil ? 0 : 1)
        case "HMGET": return .array(command.dropFirst(2).map { hash[$0].map(Self.text) ?? .null })
        case "HLEN": return .integer(Int64(hash.count))
        case "HVALS": return .array(hash.values.map(Self.text))
        case "HGETALL": return .array(hash.flatMap { [Self.text($0.key), Self.text($0.value)] })
        case "HSET":
            var added: Int64 = 0
            for index in stride(from: 2, to: command.count - 1, by: 2) {
                if hash.updateValue(command[index + 1], forKey: command[index]) == nil { added += 1 }
            }
            reply = .integer(added)
        case "HINCRBY":
            guard let before = Int64(hash[command[2]] ?? "0") else { return .error("ERR hash value is not an integer") }
            let after = before + (Int64(command[3]) ?? 0)
            hash[command[2]] = String(after)
            reply = .integer(after)
        default:
            reply = .integer(Int64(command.dropFirst(2).count { hash.removeValue(forKey: $0) != nil }))
        }
        values[key] = hash.isEmpty ? nil : .hash(hash)
        return reply
    }

    // MARK: Sets

    private mutating func sets(_ command: [String]) -> RESPValue {
        let key = command[1]
        var set: Set<String>
        switch values[key] {
        case .set(let present): set = present
        case nil: set = []
        default: return Self.wrongType
        }
        let count = set.count
        switch command[0].uppercased() {
        case "SISMEMBER": return .integer(set.contains(command[2]) ? 1 : 0)
        case "SCARD": return .integer(Int64(count))
        case "SADD": set.formUnion(command.dropFirst(2))
        default: set.subtract(command.dropFirst(2))
        }
        values[key] = set.isEmpty ? nil : .set(set)
        return .integer(Int64(abs(set.count - count)))
    }

    static func text(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)) }
}
