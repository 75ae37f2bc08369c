import NIOConcurrencyHelpers
import TicketBlitzClient

/// People that buy what there is, take places on the waiting list when there is nothing, and give some of it back.
final class WaitlistCrowd: Crowd {
    struct State {
        var people: [WaitlistPerson]
        var requests = 0
        var forgotten: String?
    }

    let api: Service
    let event: CrowdEvent
    let options: CrowdOptions
    let capacity: Int
    /// The maximum number of requests in flight.
    let width: Int
    let duration: Duration
    let observations: ClientObservations
    let clock = RunClock()
    /// Part of every key, so that keys differ between runs.
    let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let state: NIOLockedValueBox<State>

    init(
        api: Service, event: CrowdEvent, options: CrowdOptions, capacity: Int, quantity: Int, width: Int,
        duration: Duration, observations: ClientObservations
    ) {
        self.api = api
        self.event = event
        self.options = options
        self.capacity = capacity
        self.width = width
        self.duration = duration
        self.observations = observations
        let people = (0..<options.people).map { _ in
            WaitlistPerson(options, quantity: .random(in: 1...quantity))
        }
        state = NIOLockedValueBox(State(people: people))
    }

    func prepare() async throws {
        try await event.put(
            #""admission_rate":null,"lobby_opens_at":null,"opens_at":null,"waitlist":true,"#
                + #""per_customer_limit":null,"offer_seconds":\#(options.offerSeconds)"#, capacity: capacity)
        try await api.reset(.sale(event: event.id), to: capacity, adminToken: event.adminToken)
        _ = try await event.allowance(for: state.withLockedValue { $0.people.map(\.stay.quantity).max() ?? 1 })
    }

    /// People come in the first third of the time. At the end the sale is paused, so that no further offers are made while all
    /// orders are looked at.
    func run() async throws {
        let (begin, loop) = (clock.now, CrowdLoop(width: width, clock: clock))
        var agenda = Agenda()
        let span = UInt32(clamping: duration.milliseconds / 3)
        for person in 0..<options.people { agenda.add(person, at: begin + UInt32.random(in: 0...span)) }
        await loop.run(agenda, until: clock.after(duration)) { await self.step($0) }
        await findForgotten()
        try await event.change(#""paused":true"#)
        try await Task.sleep(for: .seconds(1))
        var last = Agenda()
        for person in 0..<options.people { last.add(person, at: 0) }
        await loop.run(last, until: clock.after(.seconds(600))) { await self.lookAtTheEnd($0) }
    }

    /// Looks for a place that waits although what it wants is free. Offers are made within half a second; this waits for ten.
    private func findForgotten() async {
        var suspect: (person: Int, since: UInt32)?
        let end = clock.after(.seconds(60))
        while clock.now < end {
            guard let account = try? await api.account(.sale(event: event.id)) else { return }
            let waiting = state.withLockedValue { state in
                state.people.indices.filter { index in
                    let person = state.people[index]
                    return person.phase == .waiting && person.stay.quantity <= account.available
                }
            }
            guard let person = waiting.first(where: { $0 == suspect?.person }) ?? waiting.first else { return }
            if suspect?.person != person { suspect = (person, clock.now) }
            let stillWaits = await isWaiting(person)
            guard stillWaits, let since = suspect?.since else {
                state.withLockedValue { $0.people[person].phase = .done }
                continue
            }
            if clock.now - since > 10_000 {
                state.withLockedValue { state in
                    state.forgotten =
                        "it wants \(state.people[person].stay.quantity), and \(account.available) units are free"
                }
                return
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    private func isWaiting(_ person: Int) async -> Bool {
        let ticket = state.withLockedValue { $0.people[person].ticket }
        guard let response = try? await send(.waitlistPlace(ticket)), response.status == 200 else { return true }
        return (try? WaitlistPlace(response))?.state == .waiting
    }

    func result(_ account: Account) async -> CrowdResult {
        let (evidence, requests) = state.withLockedValue { state in
            (
                WaitlistEvidence(
                    capacity: capacity, offerSeconds: options.offerSeconds, stays: state.people.map(\.stay),
                    forgotten: state.forgotten), state.requests
            )
        }
        return CrowdResult(
            findings: WaitlistVerdict(evidence).findings,
            figures: .waitlist(WaitlistFigures(evidence, requests: requests)))
    }
}
