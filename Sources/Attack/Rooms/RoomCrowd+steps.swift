import Foundation
import NIOConcurrencyHelpers
import TicketBlitzClient

/// What people do.
extension RoomCrowd {
    /// - Parameter end: no request waits on the server beyond it.
    /// - Returns: when the person is due next; nil if they are done.
    @discardableResult
    func step(_ index: Int, until end: UInt32) async -> UInt32? {
        var person = state.withLockedValue { $0.people[index] }
        let pause: Duration?
        switch person.phase {
        case .outside: pause = await join(&person, index)
        case .waiting, .leaving: pause = await look(&person, until: end)
        case .buying: pause = await buy(&person, index)
        case .lapsing: pause = await lapse(&person, index)
        case .done: pause = nil
        }
        if pause == nil { person.phase = .done }
        if person.phase == .done { (person.place, person.pass) = ("", "") }
        state.withLockedValue { $0.people[index] = person }
        return pause.map { clock.after($0) }
    }

    func customer(_ index: Int) -> String { "p\(index + 1)" }

    func send(_ request: APIRequest, waiting wait: Duration = .zero) async throws(AttemptFailure) -> APIResponse {
        state.withLockedValue { $0.requests += 1 }
        return try await api.client.attempt(request, timeout: api.client.configuration.attemptTimeout + wait)
    }

    /// How long the person waits after an answer that does not help, if it may pass; nil if they leave.
    private func pause(_ person: inout RoomPerson, after response: APIResponse?) -> Duration? {
        person.failures += 1
        let problem = response.map { Problem($0) }
        if let problem, problem.status < 500, problem.status != 429, problem.status != 408 { return nil }
        guard person.failures < 50 else { return nil }
        return (problem?.retryAfter ?? .seconds(1)) + .milliseconds(.random(in: 0...500))
    }

    // MARK: Places

    private func join(_ person: inout RoomPerson, _ index: Int) async -> Duration? {
        let sent = max(1, clock.now)
        let response = try? await send(.joinRoom(event.id, customer: customer(index), key: nil))
        guard let response, response.status == 201, let place = try? RoomPlace(response) else {
            return pause(&person, after: response)
        }
        person.failures = 0
        person.place = place.place
        person.phase = .waiting
        person.visit.number = PlaceText.number(of: place.place) ?? 0
        person.visit.joinedAt = max(1, clock.now)
        person.note(place, sent: sent, arrived: person.visit.joinedAt, passSeconds: options.passSeconds)
        if person.habits.contains(.isGreedy) { await tryMore(&person, index) }
        return after(place, &person)
    }

    /// Joins again, and tries to buy without a pass.
    private func tryMore(_ person: inout RoomPerson, _ index: Int) async {
        if let response = try? await send(.joinRoom(event.id, customer: customer(index), key: nil)),
            let place = try? RoomPlace(response), place.place != person.place
        {
            person.visit.marks.insert(.otherPlace)
        }
        let outcome = await purchase(index, number: 0, pass: nil)
        if case .accepted = outcome { person.visit.marks.insert(.boughtWithoutPass) }
    }

    private func look(_ person: inout RoomPerson, until end: UInt32) async -> Duration? {
        let wait = takeWait(person, until: end)
        defer { if wait > .zero { state.withLockedValue { $0.waits -= 1 } } }
        let sent = max(1, clock.now)
        let response = try? await send(.roomPlace(person.place, waiting: wait), waiting: wait)
        guard let response, response.status == 200, let place = try? RoomPlace(response) else {
            if response?.status == 404 { person.visit.marks.insert(.lost) }
            return pause(&person, after: response)
        }
        person.failures = 0
        person.note(place, sent: sent, arrived: max(1, clock.now), passSeconds: options.passSeconds)
        return after(place, &person)
    }

    /// How long the next look waits on the server: that takes a connection, so half of them only are used for it.
    private func takeWait(_ person: RoomPerson, until end: UInt32) -> Duration {
        let now = clock.now
        guard person.phase == .waiting, person.isNear, end > now + 1000 else { return .zero }
        let hasTaken = state.withLockedValue { state in
            guard state.waits < width / 2 else { return false }
            state.waits += 1
            return true
        }
        return hasTaken ? .seconds(min(10, Int(end - now) / 1000)) : .zero
    }

    /// What the person does after they have seen their place.
    private func after(_ place: RoomPlace, _ person: inout RoomPerson) -> Duration? {
        let opening = state.withLockedValue { state in
            if place.state != .lobby, state.drawSeenAt == nil { state.drawSeenAt = clock.now }
            return state.opening
        }
        let left = Duration.milliseconds(max(0, Int(opening) - Int(clock.now)))
        person.isNear = RoomPerson.isWorthWaiting(place, untilOpening: left, rate: options.admissionRate)
        switch place.state {
        case .lobby, .waiting:
            if person.habits.contains(.givesUp), Bool.chance(percent: 40) {
                person.visit.marks.insert(.gaveUp)
                return nil
            }
            // Whoever is first must still find a pass that is valid.
            let spread = Duration.seconds(min(Double(options.people) / 4000, Double(options.passSeconds) / 3))
            return RoomPerson.pause(
                after: place, untilOpening: left, rate: options.admissionRate, spread: spread,
                random: .random(in: 0...1))
        case .admitted:
            guard person.phase != .leaving else { return nil }
            person.pass = place.pass ?? ""
            person.phase = person.habits.contains(.lapses) ? .lapsing : .buying
            guard person.phase == .lapsing, let end = place.expiresAt else {
                return .milliseconds(.random(in: 0...1000))
            }
            return .seconds(max(0, end.timeIntervalSinceNow) + 1)
        case .expired, .soldOut, .over: return nil
        }
    }
}
