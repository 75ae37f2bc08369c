/// One person of a sale with a waiting list: what they are about to do, and what they have had.
struct WaitlistPerson: Sendable {
    enum Phase: UInt8, Sendable {
        /// About to buy, and to take a place if there is nothing.
        case buying, joining
        case waiting
        /// About to accept the offer.
        case confirming
        /// About to give the place, the offer or the order back.
        case leaving, cancelling
        /// Lets the offer end.
        case lapsing
        case done
    }

    struct Habits: OptionSet, Sendable {
        let rawValue: UInt8

        /// Gives the place or the offer back.
        static let givesUp = Habits(rawValue: 1)
        static let lapses = Habits(rawValue: 2)
        /// Cancels what is bought.
        static let cancels = Habits(rawValue: 4)
        /// Takes no place.
        static let isWalkIn = Habits(rawValue: 8)
    }

    var phase = Phase.buying
    var habits: Habits = []
    /// Requests in a row without an answer that helps.
    var failures: UInt8 = 0
    /// Different requests of one kind, so that each has a key of its own.
    var tries: UInt16 = 0
    /// Whether the last request has an unknown outcome.
    var isOpen = false
    var ticket = ""
    var stay: Stay

    init(_ options: CrowdOptions, quantity: Int) {
        stay = Stay(quantity: quantity)
        if Bool.chance(percent: options.walkIn) { habits.insert(.isWalkIn) }
        if Bool.chance(percent: options.cancel) { habits.insert(.cancels) }
        switch Int.random(in: 0..<100) {
        case ..<options.giveUp: habits.insert(.givesUp)
        case ..<(options.giveUp + options.lapse): habits.insert(.lapses)
        default: break
        }
    }

    /// Notes a position on the list.
    mutating func note(position: Int?) {
        guard let position else { return }
        if let before = stay.position, position > before { stay.hasFallenBack = true }
        stay.position = position
    }
}
