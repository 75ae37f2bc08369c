package import Domain
package import Hashing
import NIOConcurrencyHelpers

/// Makes the parts of order ids that depend on idempotency keys, with the secret of the installation. It cannot make any until
/// the ledger has been read; nothing is sold before that.
///
/// An installation of an earlier release has orders whose ids were made without the secret, and for some time programs that
/// make such ids. Therefore ids are made without it until ``InstallationSecret/keyedFrom``; and until the keys of that time
/// have expired, a purchase has two possible ids, and is looked for under both.
package final class KeyedIDs: Sendable {
    /// The parts of the two ids that a purchase with a key can have.
    package struct Hashes: Hashable, Sendable {
        /// Of a new order.
        package var own: UInt64
        /// Of an order that may exist already; nil if none can.
        package var other: UInt64?
    }

    private final class Function: Sendable {
        let code: HMACSHA256
        let keyedFrom: Timestamp

        init(_ secret: InstallationSecret) {
            code = HMACSHA256(key: secret.bytes)
            keyedFrom = secret.keyedFrom
        }
    }

    /// How long an order is found by its key, in milliseconds: 24 hours, and one more for clocks that are wrong.
    private static let keyLifetime: Int64 = 25 * 3_600_000

    private let function = NIOLockedValueBox<Function?>(nil)

    package init() {}

    /// Sets the secret. Must be the one of the ledger.
    package func set(_ secret: InstallationSecret) {
        let new = Function(secret)
        function.withLockedValue { $0 = new }
    }

    /// The code of a message with the secret of the installation; nil if the secret is not known yet.
    ///
    /// - Parameter purpose: what the code is for. No code for one purpose is one for another, or for an idempotency key: those of
    ///   keys begin with the id of an event.
    package func code(
        for purpose: StaticString, _ write: (inout HMACSHA256.Message) -> Void
    ) -> SHA256Digest? {
        function.withLockedValue { $0 }?.code.code { message in
            message.append(0)
            message.append("\(purpose)")
            message.append(0)
            write(&message)
        }
    }

    /// Nil if the secret is not known yet.
    ///
    /// - Parameter now: the time of this machine's clock.
    package func hashes(of scope: IdempotencyScope, at now: Timestamp) -> Hashes? {
        guard let function = function.withLockedValue({ $0 }) else { return nil }
        let keyed = scope.hash(function.code)
        let plainEnd = function.keyedFrom.milliseconds
        if now.milliseconds < plainEnd { return Hashes(own: scope.plainHash, other: keyed) }
        if plainEnd > 0, now.milliseconds < plainEnd + Self.keyLifetime {
            return Hashes(own: keyed, other: scope.plainHash)
        }
        return Hashes(own: keyed, other: nil)
    }
}
