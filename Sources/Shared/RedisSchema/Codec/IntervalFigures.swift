/// What happened in an interval of time, as one process has counted it or as all have together.
///
/// The processes write their figures to one hash for each interval, each process to fields of its own. So writing the same figures
/// again changes nothing, and a process that does not know whether it has written them writes them again.
package struct IntervalFigures: Hashable, Sendable {
    /// The length of an interval, in milliseconds.
    package static let length: Int64 = 5000
    /// Seconds after which Redis deletes the figures of an interval.
    package static let lifetime = 660

    /// Purchases that claimed stock.
    package var accepted = 0
    /// Purchases with the idempotency key of an earlier one.
    package var replayed = 0
    /// Purchases that were refused, by the code of the reason.
    package var refused: [String: Int] = [:]
    /// Purchases whose outcome is an error of the service.
    package var failed = 0
    /// Entries that no worker had taken at the end of the interval.
    package var depth: Int?
    /// The age of the oldest entry in milliseconds; nil if there was none.
    package var oldestAge: Int?

    package init() {}

    package var isEmpty: Bool { self == IntervalFigures() }

    /// Whether there is nothing to be seen: no purchase, and no entry in the queue.
    package var isQuiet: Bool { !hasPurchases && (depth ?? 0) == 0 && oldestAge == nil }

    package var hasPurchases: Bool { accepted + replayed + failed > 0 || !refused.isEmpty }

    /// Adds the counts of other figures of the same interval. Of two readings of the queue, the higher one counts.
    package mutating func add(_ other: IntervalFigures) {
        accepted += other.accepted
        replayed += other.replayed
        refused.merge(other.refused) { $0 + $1 }
        failed += other.failed
        depth = [depth, other.depth].compactMap(\.self).max()
        oldestAge = [oldestAge, other.oldestAge].compactMap(\.self).max()
    }
}

extension IntervalFigures {
    private static let refusedPrefix = "refused-"

    /// The fields of a process in the hash, with their values.
    ///
    /// - Parameter process: its name, without colons.
    package func fields(of process: String) -> [(name: String, value: Int)] {
        var values: [(String, Int)] = [("accepted", accepted), ("replayed", replayed), ("failed", failed)]
        values += refused.sorted { $0.key < $1.key }.map { (Self.refusedPrefix + $0.key, $0.value) }
        values = values.filter { $0.1 > 0 }
        if let depth { values.append(("depth", depth)) }
        if let oldestAge { values.append(("age", oldestAge)) }
        return values.map { (name: "\(process):\($0.0)", value: $0.1) }
    }

    /// The figures of all processes.
    ///
    /// - Parameter hash: names and values in turn. Fields of later releases are ignored.
    package init(hash: [String]) {
        for index in stride(from: 0, to: hash.count - 1, by: 2) {
            guard let name = hash[index].split(separator: ":", maxSplits: 1).last, let value = Int(hash[index + 1])
            else {
                continue
            }
            switch name {
            case "accepted": accepted += value
            case "replayed": replayed += value
            case "failed": failed += value
            case "depth": depth = max(depth ?? 0, value)
            case "age": oldestAge = max(oldestAge ?? 0, value)
            case _ where name.hasPrefix(Self.refusedPrefix):
                refused[String(name.dropFirst(Self.refusedPrefix.count)), default: 0] += value
            default: break
            }
        }
    }
}
