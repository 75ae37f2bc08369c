import Foundation
import NIOConcurrencyHelpers
import TicketBlitzClient

/// Purchases with a pass, without one, and with one that has ended.
extension RoomCrowd {
    /// Buys with the pass: who is greedy goes on until the pass allows no more.
    func buy(_ person: inout RoomPerson, _ index: Int) async -> Duration? {
        let outcome = await purchase(
            index, number: Int(person.purchases) + 1, pass: person.pass, isRepeated: person.isOpen)
        if case .unknown = outcome { person.isOpen = true } else { person.isOpen = false }
        switch outcome {
        case .accepted:
            person.failures = 0
            person.purchases += 1
            person.visit.units += UInt32(quantity)
            let limit = state.withLockedValue { $0.allowed } / quantity + 1
            if person.habits.contains(.isGreedy), person.purchases <= min(limit, 20) { return .zero }
            person.phase = .leaving
            return person.habits.contains(.isGreedy) ? .seconds(1) : nil
        case .refused(let code):
            if ["pass-required", "pass-invalid"].contains(code) || code == "pass-used" && person.purchases == 0 {
                person.visit.marks.insert(.refused)
            }
            guard Self.passing.contains(code), person.failures < 50 else { return nil }
        case .unknown: guard person.failures < 50 else { return nil }
        }
        person.failures += 1
        return .milliseconds(.random(in: 500...1500))
    }

    /// Refusals after which the same purchase can be accepted.
    private static let passing: Set = [
        "rate-limited", "queue-full", "recovering", "store-unavailable", "no-connection", "all-held",
    ]

    /// Looks whether the pass has ended, and tries to buy with it then.
    func lapse(_ person: inout RoomPerson, _ index: Int) async -> Duration? {
        let sent = max(1, clock.now)
        guard let response = try? await send(.roomPlace(person.place)), response.status == 200,
            let place = try? RoomPlace(response)
        else { return .seconds(1) }
        person.note(place, sent: sent, arrived: max(1, clock.now), passSeconds: options.passSeconds)
        guard place.state != .admitted else { return .seconds(1) }
        guard place.state == .expired else { return nil }
        let outcome = await purchase(index, number: 999, pass: person.pass)
        if case .accepted = outcome { person.visit.marks.insert(.boughtLate) }
        return nil
    }

    /// One attempt of a purchase, which has the same key when it is repeated.
    ///
    /// - Parameter isRepeated: whether the outcome of the attempt before is unknown.
    func purchase(_ index: Int, number: Int, pass: String?, isRepeated: Bool = false) async -> Outcome {
        let key = IdempotencyKey(rawValue: "\(name)-\(index)-\(number)")
        let request = APIRequest.buy(
            event.id, quantity: quantity, customer: customer(index), key: key, pass: pass)
        let begin = ContinuousClock.now
        let outcome: Outcome
        do {
            outcome = Outcome(TargetResponse(try await send(request)))
        } catch {
            outcome = Outcome(error)
        }
        let now = ContinuousClock.now
        let id = index * 1000 + number
        if isRepeated {
            let first = Outcome.unknown(code: "timeout", ticket: nil)
            observations.addRetry(id, first: first, outcome, quantity: quantity)
        } else {
            observations.add(id, outcome, quantity: quantity, latency: now - begin, at: now)
        }
        return outcome
    }
}
