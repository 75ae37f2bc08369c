package import Domain

/// A message on the channel of a partition (see ``Keyspace/finished``): the ids of orders that are final or in the ledger,
/// or an event that has changed or has stock again.
package struct FinishedMessage: Hashable, Sendable {
    /// The beginning of a message that an event has changed, as `Prelude/messages.lua` defines it.
    private static let eventChanged = Array("event:".utf8)

    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The event that has changed; nil for a message about orders.
    package var event: EventID? {
        guard bytes.starts(with: Self.eventChanged) else { return nil }
        return EventID(String(decoding: bytes.dropFirst(Self.eventChanged.count), as: UTF8.self))
    }

    /// The orders; empty for a message about an event.
    package var orders: [OrderID] {
        bytes.split(separator: UInt8(ascii: ",")).compactMap { OrderID(String(decoding: $0, as: UTF8.self)) }
    }
}
