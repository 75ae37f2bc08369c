package import Domain
package import NIOCore

/// The events that have just refused a claim because nothing is for sale. Further claims are refused without Redis, for a
/// short time.
///
/// Only refusals that hold for every customer and that a client cannot change are kept: sold out, closed, paused. A claim
/// with an idempotency key always goes to Redis, because it can be a repetition of an accepted claim.
package struct RecentRefusals {
    /// The maximum age of a refusal, from the moment at which its claim was sent.
    package static let lifetime = TimeAmount.milliseconds(50)
    /// The interval at which one claim of an event still goes to Redis, so that the refusal is renewed before it ends.
    static let renewal = TimeAmount.milliseconds(20)
    static let eventLimit = 1000

    private struct Entry {
        var refusal: Refusal
        /// The largest quantity that has been refused: a larger one may be above the event's maximum.
        var quantity: Int
        /// Whether the refused claim named a customer: an event can require one.
        var hasCustomer: Bool
        var renewsAt: NIODeadline
        var endsAt: NIODeadline
    }

    private var entries: [EventID: Entry] = [:]

    package init() {}

    /// The refusal of a claim that need not go to Redis; nil if the claim has to.
    package mutating func refusal(of purchase: Purchase, at now: NIODeadline) -> Refusal? {
        guard !entries.isEmpty, !purchase.id.isMadeFromKey, let entry = entries[purchase.event], now < entry.endsAt,
            purchase.quantity <= entry.quantity, (purchase.customer != nil) == entry.hasCustomer
        else { return nil }
        guard now < entry.renewsAt else {
            entries[purchase.event]?.renewsAt = now + Self.renewal
            return nil
        }
        return entry.refusal
    }

    /// Notes the outcome of a claim that went to Redis.
    ///
    /// - Parameter sent: when the claim was sent.
    package mutating func note(_ outcome: ClaimOutcome, of purchase: Purchase, sentAt sent: NIODeadline) {
        switch outcome {
        case .refused(let refusal) where refusal.isForEveryone:
            guard entries.count < Self.eventLimit || entries[purchase.event] != nil else { return entries = [:] }
            entries[purchase.event] = Entry(
                refusal: refusal, quantity: purchase.quantity, hasCustomer: purchase.customer != nil,
                renewsAt: sent + Self.renewal, endsAt: sent + Self.lifetime)
        default:
            if !entries.isEmpty { entries[purchase.event] = nil }
        }
    }

    /// Forgets the refusal of an event that has changed.
    package mutating func remove(_ event: EventID) { entries[event] = nil }
}

extension Refusal {
    fileprivate var isForEveryone: Bool {
        switch self {
        case .soldOut, .closed, .paused: true
        default: false
        }
    }
}
