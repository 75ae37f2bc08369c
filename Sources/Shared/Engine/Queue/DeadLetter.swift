import Domain
import RedisSchema

/// An entry that nobody can settle, set aside with the reason. Its units stay counted as what they were.
///
/// Redis holds it as `reason|entry`, after the time in milliseconds since 1970 and a bar.
package struct DeadLetter: Hashable, Sendable {
    /// What it is called among those that were set aside; empty where it has only been found.
    package var id = ""
    /// When it was set aside.
    package var at: Timestamp?
    package var reason: String
    package var entry: [UInt8]

    package init(reason: String, entry: [UInt8]) {
        self.reason = reason
        self.entry = entry
    }

    /// Nil where no release of ours wrote it.
    package init?(id: String, _ text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let time = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        self.id = id
        at = Timestamp(milliseconds: time)
        reason = String(decoding: parts[1], as: UTF8.self)
        entry = Array(parts[2])
    }

    /// The order that it is a snapshot of; nil where it cannot be read.
    package var order: Order? { try? QueueEntry.decode(entry) }
}
