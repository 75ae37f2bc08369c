package import Domain

/// An entry of the queue that cannot be settled, stored with the reason. Its units stay counted in their state.
///
/// Redis holds it as `time|reason|entry`, the time in milliseconds since 1970.
package struct DeadLetter: Hashable, Sendable {
    /// Its id among the dead letters; empty if it is not stored yet.
    package var id = ""
    /// When it was dead-lettered.
    package var at: Timestamp?
    package var reason: String
    package var entry: [UInt8]

    package init(reason: String, entry: [UInt8]) {
        self.reason = reason
        self.entry = entry
    }

    /// Nil if the text is not a stored dead letter.
    package init?(id: String, _ text: [UInt8]) {
        let parts = text.split(separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let time = Int64(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        self.id = id
        at = Timestamp(milliseconds: time)
        reason = String(decoding: parts[1], as: UTF8.self)
        entry = Array(parts[2])
    }

    /// The snapshot that the entry contains; nil if it cannot be read.
    package var order: Order? { try? OrderCodec.decode(entry: entry) }

    /// The reason and the entry in the form that a script stores after the time.
    var stored: [UInt8] { Array("\(OrderCodec.plain(reason))|".utf8) + entry }
}
