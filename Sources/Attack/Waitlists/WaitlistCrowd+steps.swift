import Foundation
import NIOConcurrencyHelpers
import TicketBlitzClient

/// What people do.
extension WaitlistCrowd {
    /// - Returns: when the person is due next; nil if they are done.
    func step(_ index: Int) async -> UInt32? {
        var person = state.withLockedValue { $0.people[index] }
        let pause: Duration?
        switch person.phase {
        case .buying: pause = await buy(&person, index)
        case .joining: pause = await join(&person, index)
        case .waiting, .lapsing: pause = await look(&person)
        case .confirming: pause = await confirm(&person)
        case .leaving: pause = await giveBack(&person, .leaveWaitlist(person.ticket))
        case .cancelling: pause = await giveBack(&person, .cancel(person.ticket))
        case .done: pause = nil
        }
        if pause == nil { person.phase = .done }
        state.withLockedValue { $0.people[index] = person }
        return pause.map { clock.after($0) }
    }

    func send(_ request: APIRequest) async throws(AttemptFailure) -> APIResponse {
        state.withLockedValue { $0.requests += 1 }
        return try await api.client.attempt(request)
    }

    /// Sends a request that leads to an order, which repeats the one before if its outcome is unknown.
    private func claim(
        _ person: inout WaitlistPerson, _ index: Int, _ request: (IdempotencyKey?) -> APIRequest
    ) async -> Outcome {
        let (isRepeated, begin) = (person.isOpen, ContinuousClock.now)
        if !isRepeated { (person.tries, person.stay.sentAt) = (person.tries + 1, clock.now) }
        let key = IdempotencyKey(rawValue: "\(name)-\(index)-\(person.tries)")
        let outcome: Outcome
        do {
            outcome = Outcome(TargetResponse(try await send(request(key))))
        } catch {
            outcome = Outcome(error)
        }
        let (now, id, quantity) = (ContinuousClock.now, index * 70_000 + Int(person.tries), person.stay.quantity)
        person.stay.gotAt = max(1, clock.at(now))
        if isRepeated {
            observations.addRetry(
                id, first: .unknown(code: "timeout", ticket: nil), outcome, quantity: quantity)
        } else {
            observations.add(id, outcome, quantity: quantity, latency: now - begin, at: now)
        }
        if case .unknown = outcome { person.isOpen = true } else { person.isOpen = false }
        return outcome
    }

    /// How long the person waits before the same request, after an answer that does not help; nil if they leave.
    private func pause(_ person: inout WaitlistPerson) -> Duration? {
        person.failures += 1
        guard person.failures < 50 else { return nil }
        return .milliseconds(.random(in: 500...1500))
    }

    private func buy(_ person: inout WaitlistPerson, _ index: Int) async -> Duration? {
        let quantity = person.stay.quantity
        let outcome = await claim(&person, index) { key in
            .buy(event.id, quantity: quantity, customer: "p\(index + 1)", key: key)
        }
        switch outcome {
        case .accepted(let ticket):
            person.ticket = ticket ?? ""
            person.stay.expectation = .sold
            return afterPurchase(&person)
        case .refused(let code) where ["sold-out", "all-held", "insufficient-stock"].contains(code):
            person.failures = 0
            guard person.habits.contains(.isWalkIn) else {
                person.phase = .joining
                return .zero
            }
            return .milliseconds(.random(in: 500...1500))
        case .refused, .unknown: return pause(&person)
        }
    }

    private func join(_ person: inout WaitlistPerson, _ index: Int) async -> Duration? {
        let quantity = person.stay.quantity
        let outcome = await claim(&person, index) { key in
            .joinWaitlist(event.id, quantity: quantity, customer: "p\(index + 1)", key: key)
        }
        switch outcome {
        case .accepted(let ticket):
            (person.ticket, person.failures) = (ticket ?? "", 0)
            (person.stay.isPlace, person.stay.expectation) = (true, .waiting)
            // The position of the answer is not compared: a place of the same millisecond can still come before.
            person.phase = .waiting
            return interval
        case .refused("available"):
            person.phase = .buying
            return .milliseconds(.random(in: 0...500))
        case .refused, .unknown: return pause(&person)
        }
    }

    /// The time between two looks of a person at their place: an offer must not end between them.
    private var interval: Duration {
        .milliseconds(min(10_000, max(1000, options.offerSeconds * 250)) * Int.random(in: 80...120) / 100)
    }

    func afterPurchase(_ person: inout WaitlistPerson) -> Duration? {
        person.failures = 0
        guard person.habits.contains(.cancels) else { return nil }
        person.phase = .cancelling
        return .seconds(Double.random(in: 0.5...max(1, duration.seconds / 2)))
    }

    private func look(_ person: inout WaitlistPerson) async -> Duration? {
        guard let response = try? await send(.waitlistPlace(person.ticket)), response.status == 200,
            let place = try? WaitlistPlace(response)
        else { return .seconds(1) }
        switch place.state {
        case .waiting:
            person.note(position: place.position)
            guard person.habits.contains(.givesUp), Bool.chance(percent: 20) else { return interval }
            person.phase = .leaving
            return .zero
        case .held where person.phase == .lapsing: return .seconds(1)
        case .held:
            person.stay.expectation = .offered
            if person.habits.contains(.lapses) {
                person.phase = .lapsing
                return .seconds(max(0, place.expiresAt?.timeIntervalSinceNow ?? 0) + 1)
            }
            person.phase = person.habits.contains(.givesUp) ? .leaving : .confirming
            return .milliseconds(.random(in: 0...1000))
        case .expired:
            person.stay.expectation = .lapsed
            return nil
        default: return nil
        }
    }
}
