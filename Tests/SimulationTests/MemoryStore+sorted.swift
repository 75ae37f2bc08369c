@testable import RedisClient

/// Sorted sets.
extension MemoryStore {
    mutating func sorted(_ command: [String]) -> RESPValue {
        let key = command[1]
        var set: [String: Double]
        switch values[key] {
        case .sorted(let present): set = present
        case nil: set = [:]
        default: return .error("WRONGTYPE Operation against a key holding the wrong kind of value")
        }
        switch command[0].uppercased() {
        case "ZCARD": return .integer(Int64(set.count))
        case "ZSCORE": return set[command[2]].map { Self.text(Self.score($0)) } ?? .null
        case "ZRANGE": return range(set, command)
        case "ZADD":
            let isLowering = command[2].uppercased() == "LT"
            var added: Int64 = 0
            for index in stride(from: isLowering ? 3 : 2, to: command.count - 1, by: 2) {
                guard let score = Double(command[index]) else { return .error("ERR value is not a valid float") }
                let member = command[index + 1]
                if set[member] == nil { added += 1 }
                if isLowering, let before = set[member], before <= score { continue }
                set[member] = score
            }
            values[key] = .sorted(set)
            return .integer(added)
        case "ZREM":
            let gone = command.dropFirst(2).count { set.removeValue(forKey: $0) != nil }
            values[key] = set.isEmpty ? nil : .sorted(set)
            return .integer(Int64(gone))
        case "ZREMRANGEBYSCORE":
            let (low, high) = (Self.bound(command[2]), Self.bound(command[3]))
            let kept = set.filter { !Self.isWithin($0.value, low, high) }
            values[key] = kept.isEmpty ? nil : .sorted(kept)
            return .integer(Int64(set.count - kept.count))
        default:
            return .error("ERR unknown command '\(command[0])'")
        }
    }

    /// ZRANGE by rank, or by score with LIMIT; `(` excludes the bound.
    private func range(_ set: [String: Double], _ command: [String]) -> RESPValue {
        var members = set.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        let options = command.dropFirst(4).map { $0.uppercased() }
        if options.contains("BYSCORE") {
            let (low, high) = (Self.bound(command[2]), Self.bound(command[3]))
            members = members.filter { Self.isWithin($0.value, low, high) }
            if let limit = options.firstIndex(of: "LIMIT") {
                members = Array(members.dropFirst(Int(options[limit + 1]) ?? 0).prefix(Int(options[limit + 2]) ?? 0))
            }
        } else {
            members = Array(Self.slice(members, command[2], command[3]))
        }
        let withScores = options.contains("WITHSCORES")
        return .array(
            members.flatMap { withScores ? [Self.text($0.key), Self.text(Self.score($0.value))] : [Self.text($0.key)] })
    }

    private static func isWithin(_ score: Double, _ low: Bound, _ high: Bound) -> Bool {
        (low.isOpen ? score > low.score : score >= low.score)
            && (high.isOpen ? score < high.score : score <= high.score)
    }

    private typealias Bound = (score: Double, isOpen: Bool)

    private static func bound(_ text: String) -> Bound {
        if text.hasPrefix("(") { return (Double(text.dropFirst()) ?? 0, true) }
        switch text {
        case "-inf": return (-.infinity, false)
        case "+inf", "inf": return (.infinity, false)
        default: return (Double(text) ?? 0, false)
        }
    }

    private static func score(_ score: Double) -> String {
        score == score.rounded() && abs(score) < 9e15 ? String(Int64(score)) : "\(score)"
    }
}
