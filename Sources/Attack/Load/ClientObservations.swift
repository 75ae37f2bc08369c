import Histogram
import NIOConcurrencyHelpers

/// Collects the outcomes that all clients observe.
final class ClientObservations: Sendable {
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

    /// The numbers of responses and of acceptances so far.
    var counts: (answered: Int, accepted: Int) {
        state.withLockedValue { ($0.record.answered, $0.record.accepted) }
    }

    var acceptedUnits: Int { state.withLockedValue { $0.record.acceptedUnits } }

    /// Adds the outcome of a purchase's first request.
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

    /// Adds the outcome of a repetition with the same key.
    func addRetry(_ number: Int, first: Outcome, _ outcome: Outcome, quantity: Int) {
        state.withLockedValue { state in
            state.record.retries += 1
            switch (first, outcome) {
            case (.accepted(let ticket), .accepted(let second)):
                if ticket != second { state.record.keysBroken.append("\(ticket ?? "?") and \(second ?? "?")") }
            case (.accepted(let ticket), .refused(let code)):
                // A key returns its order for 24 hours, even if the event sold out since. Only a target that cannot
                // read the record may refuse.
                if !["recovering", "store-unavailable", "no-connection"].contains(code) {
                    state.record.keysBroken.append("\(ticket ?? "?"), then \(code)")
                }
            case (.unknown, .accepted):
                // The repetition resolves the unknown outcome.
                state.record.unknownUnits -= quantity
                Self.accept(outcome, number, quantity, &state)
            case (.unknown, .refused(let code)) where code == "sold-out":
                // If the first request had been accepted, the key would have returned its order.
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
