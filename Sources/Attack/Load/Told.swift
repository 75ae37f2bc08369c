import Histogram
import NIOConcurrencyHelpers

/// What the target has told its clients.
struct Record: Sendable {
    struct Ticket: Hashable, Sendable {
        var id: String
        var quantity: Int
    }

    /// Requests that were answered or given up; times in microseconds, three digits of which are kept.
    var latencies = Histogram<UInt32>(numberOfSignificantValueDigits: .three)
    var tickets: [Ticket] = []
    /// Purchases that were accepted, with a ticket or without.
    var accepted = 0
    var acceptedUnits = 0
    var refused: [String: Int] = [:]
    var unknown: [String: Int] = [:]
    /// Units that may have been sold without their clients knowing.
    var unknownUnits = 0
    /// Tickets that requests with an unknown outcome may have become.
    var named: Set<String> = []
    /// Sends that came due while as many as may be were under way.
    var dropped = 0
    var retries = 0
    /// Tickets that were given to two purchases.
    var givenTwice: [String] = []
    /// Purchases whose key led to another ticket, or to none, the second time.
    var keysBroken: [String] = []
    var lastAccepted: ContinuousClock.Instant?

    var answered: Int { Int(latencies.totalCount) }
    var soldOut: Int { refused["sold-out", default: 0] }
    /// Everything that was neither accepted nor told that nothing is left, by code.
    var errors: [String: Int] {
        refused.filter { $0.key != "sold-out" }.merging(unknown, uniquingKeysWith: +)
    }
}

/// Collects what all clients are told.
final class Told: Sendable {
    private struct State {
        var record = Record()
        var owners: [String: Int] = [:]
    }

    private let state: NIOLockedValueBox<State>

    init() {
        var state = State()
        state.record.latencies.autoResize = true
        self.state = NIOLockedValueBox(state)
    }

    var record: Record { state.withLockedValue { $0.record } }

    /// Answers and acceptances so far.
    var counts: (answered: Int, accepted: Int) {
        state.withLockedValue { ($0.record.answered, $0.record.accepted) }
    }

    func add(_ number: Int, _ outcome: Outcome, quantity: Int, latency: Duration, at time: ContinuousClock.Instant) {
        state.withLockedValue { state in
            state.record.latencies.record(latency.microseconds)
            switch outcome {
            case .accepted: state.record.lastAccepted = time
            case .refused(let code): state.record.refused[code, default: 0] += 1
            case .unknown(let code, let ticket):
                state.record.unknown[code, default: 0] += 1
                state.record.unknownUnits += quantity
                if let ticket { state.record.named.insert(ticket) }
            }
            Self.accept(outcome, number, quantity, &state)
        }
    }

    /// What the same purchase with the same key was told when it was sent again.
    func addRetry(_ number: Int, first: Outcome, _ outcome: Outcome, quantity: Int) {
        state.withLockedValue { state in
            state.record.retries += 1
            switch (first, outcome) {
            case (.accepted(let ticket), .accepted(let second)):
                if ticket != second { state.record.keysBroken.append("\(ticket ?? "?") and \(second ?? "?")") }
            case (.accepted(let ticket), .refused(let code)):
                // A key's order is answered for a day, sold out or not; only what keeps the target from looking may differ.
                if !["recovering", "store-unavailable", "no-connection"].contains(code) {
                    state.record.keysBroken.append("\(ticket ?? "?"), then \(code)")
                }
            case (.unknown, .accepted):
                // What it was is known now.
                state.record.unknownUnits -= quantity
                Self.accept(outcome, number, quantity, &state)
            case (.unknown, .refused(let code)) where code == "sold-out":
                // Had it been taken, the key would have led to its order.
                state.record.unknownUnits -= quantity
            case (.unknown, _), (.accepted, .unknown), (.refused, _): break
            }
        }
    }

    func addDropped() { state.withLockedValue { $0.record.dropped += 1 } }

    private static func accept(_ outcome: Outcome, _ number: Int, _ quantity: Int, _ state: inout State) {
        guard case .accepted(let ticket) = outcome else { return }
        state.record.accepted += 1
        state.record.acceptedUnits += quantity
        guard let ticket else { return }
        if let owner = state.owners.updateValue(number, forKey: ticket), owner != number {
            state.record.givenTwice.append(ticket)
        } else {
            state.record.tickets.append(Record.Ticket(id: ticket, quantity: quantity))
        }
    }
}
