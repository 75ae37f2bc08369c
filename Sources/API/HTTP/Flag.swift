import NIOConcurrencyHelpers

/// Raised once, by anyone.
struct Flag: Sendable {
    private let value = NIOLockedValueBox(false)

    var isRaised: Bool { value.withLockedValue { $0 } }
    func raise() { value.withLockedValue { $0 = true } }
}
