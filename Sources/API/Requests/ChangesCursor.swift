import Foundation
import Ledger

/// Where a reader of changes is: a position, and the history of the database in which it means that place. Clients get a text that
/// says nothing to them.
struct ChangesCursor: Hashable, Sendable {
    let position: ChangePosition
    let history: String

    init(_ position: ChangePosition, in history: String) {
        self.position = position
        self.history = history
    }

    /// Nil if the text is no cursor.
    init?(_ text: String) {
        guard text.utf8.count <= 128, let bytes = Base64URL.decode(text),
            let plain = String(validating: bytes, as: UTF8.self)
        else { return nil }
        let parts = plain.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let transaction = Int(parts[0]), let sequence = Int(parts[1]), transaction >= 0,
            sequence >= 0
        else { return nil }
        position = ChangePosition(transaction: transaction, sequence: sequence)
        history = String(parts[2])
    }

    var text: String {
        Data("\(position.transaction).\(position.sequence).\(history)".utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
