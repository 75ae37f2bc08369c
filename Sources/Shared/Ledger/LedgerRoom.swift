package import Domain

/// A waiting room in the ledger.
package struct LedgerRoom: Hashable, Sendable {
    package var marks: RoomMarks
    /// 32 bytes in hexadecimal digits. Public after the draw.
    package var secret: String
    /// The SHA-256 of the secret's bytes, in hexadecimal digits. Public from the beginning.
    package var commitment: String
}

extension LedgerRoom: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "the room of \(marks.event)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
