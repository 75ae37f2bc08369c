import NIOConcurrencyHelpers
import TicketBlitzClient

/// How orders end: confirmations, cancellations, and the last look.
extension WaitlistCrowd {
    func confirm(_ person: inout WaitlistPerson) async -> Duration? {
        let response = try? await send(.confirm(person.ticket))
        switch response?.status {
        case 200:
            person.stay.expectation = .sold
            return afterPurchase(&person)
        case 410:
            person.stay.expectation = .lapsed
            return nil
        case 409: return nil
        default: return again(&person)
        }
    }

    /// Sends a request that cancels an order. A repetition is one if the outcome of the attempt before is unknown.
    func giveBack(_ person: inout WaitlistPerson, _ request: APIRequest) async -> Duration? {
        let isRepeated = person.isOpen
        if !isRepeated { person.stay.endedAt = max(1, clock.now) }
        let response = try? await send(request)
        let problem = response.map { Problem($0) }
        person.isOpen = isRepeated || response == nil || problem?.statesNothingChanged == false
        if response?.status == 200 {
            (person.isOpen, person.stay.expectation) = (false, .cancelled)
            return nil
        }
        // Nothing is given back yet; the expectation is what it was.
        if !person.isOpen { person.stay.endedAt = 0 }
        if person.isOpen { person.stay.expectation = .nothing }
        // A pending order can be cancelled once it is confirmed.
        if response?.status == 409, problem?.retryAfter == nil { return nil }
        if response?.status == 404 || response?.status == 410 { return nil }
        return again(&person)
    }

    private func again(_ person: inout WaitlistPerson) -> Duration? {
        person.failures += 1
        return person.failures < 50 ? .milliseconds(.random(in: 500...1500)) : nil
    }

    /// What the order is in the end, and when it was claimed and offered.
    func lookAtTheEnd(_ index: Int) async -> UInt32? {
        var person = state.withLockedValue { $0.people[index] }
        guard !person.ticket.isEmpty else { return nil }
        guard let response = try? await send(.waitlistPlace(person.ticket)), response.status == 200,
            let order = try? WaitlistPlace(response)
        else {
            person.failures += 1
            state.withLockedValue { $0.people[index] = person }
            return person.failures < 50 ? clock.after(.seconds(1)) : nil
        }
        person.stay.state = order.state
        person.stay.claimedAt = order.claimedAt?.milliseconds ?? 0
        if person.stay.isPlace, let end = order.expiresAt {
            person.stay.offeredAt = end.milliseconds - Int64(options.offerSeconds) * 1000
        }
        state.withLockedValue { $0.people[index] = person }
        return nil
    }
}
