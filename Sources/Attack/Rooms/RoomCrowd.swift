import Foundation
import NIOConcurrencyHelpers
import TicketBlitzClient

/// People that join a waiting room, wait, and buy with their passes.
final class RoomCrowd: Crowd {
    struct State {
        var people: [RoomPerson]
        var opensAt: Int64 = 0
        /// When the sale opens, in milliseconds of ``RoomCrowd/clock``.
        var opening: UInt32 = 0
        var allowed = 1
        var commitment: String?
        var requests = 0
        /// Requests that wait on the server.
        var waits = 0
        /// When the first person saw something else than the lobby.
        var drawSeenAt: UInt32?
    }

    let api: Service
    let event: CrowdEvent
    let options: CrowdOptions
    let capacity: Int
    let quantity: Int
    /// The maximum number of requests in flight.
    let width: Int
    let duration: Duration
    let observations: ClientObservations
    let clock = RunClock()
    let watch: RoomWatch
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
        self.quantity = quantity
        self.width = width
        self.duration = duration
        self.observations = observations
        watch = RoomWatch(api: api, event: event.id, clock: clock)
        let people = (0..<options.people).map { _ in RoomPerson(habits: Self.habits(options)) }
        state = NIOLockedValueBox(State(people: people))
    }

    private static func habits(_ options: CrowdOptions) -> RoomPerson.Habits {
        var habits: RoomPerson.Habits = Bool.chance(percent: options.greedy) ? [.isGreedy] : []
        switch Int.random(in: 0..<100) {
        case ..<options.giveUp: habits.insert(.givesUp)
        case ..<(options.giveUp + options.lapse): habits.insert(.lapses)
        default: break
        }
        return habits
    }

    /// The room is made with an opening that is far away, so that nothing is drawn before the event is reset.
    func prepare() async throws {
        let far = CrowdEvent.text(Date() + 86_400)
        try await event.put(
            #""admission_rate":\#(options.admissionRate),"pass_seconds":\#(options.passSeconds),"#
                + #""lobby_opens_at":null,"waitlist":false,"max_quantity":\#(min(1000, 2 * quantity)),"opens_at":"\#(far)""#,
            capacity: capacity)
        try await api.reset(.sale(event: event.id), to: capacity, adminToken: event.adminToken)
        let allowed = try await event.allowance(for: quantity)
        // Answers can be those of a room that the event had before.
        try await Task.sleep(for: .seconds(1))
        let deadline = clock.after(.seconds(30))
        while try await !watch.look(), clock.now < deadline { try await Task.sleep(for: .milliseconds(100)) }
        let commitment = watch.commitment
        // A quarter of a second has the same value as a number and as text.
        let opensAt = ((Date().timeIntervalSince1970 + options.opensIn.duration.seconds) * 4).rounded() / 4
        let opening = clock.after(.seconds(opensAt - Date().timeIntervalSince1970))
        try await event.change(#""opens_at":"\#(CrowdEvent.text(Date(timeIntervalSince1970: opensAt)))""#)
        state.withLockedValue { state in
            (state.opensAt, state.opening, state.allowed) = (Int64(opensAt * 1000), opening, allowed)
            state.commitment = commitment
        }
    }

    func run() async throws {
        let (opening, duration) = (state.withLockedValue { $0.opening }, duration.milliseconds)
        let end = UInt32(clamping: Int64(opening) + duration)
        let watching = Task { [watch] in await watch.run() }
        let loop = CrowdLoop(width: width, clock: clock)
        await loop.run(arrivals(opening), until: end, isOver: { self.isSoldOut }) { await self.step($0, until: end) }
        // The figures need the draw, also if the crowd was done before the watch looked.
        _ = try? await watch.look()
        await loop.run(unseen(), until: clock.after(.seconds(60))) { person in
            await self.step(person, until: 0)
            return nil
        }
        watching.cancel()
        await watching.value
        _ = try? await watch.look()
    }

    private func arrivals(_ opening: UInt32) -> Agenda {
        var agenda = Agenda()
        let (now, span) = (clock.now, UInt32(clamping: options.opensIn.duration.milliseconds))
        let early = opening > now ? UInt32(Double(opening - now) * 0.9) : 0
        for person in 0..<options.people {
            let isLate = Bool.chance(percent: options.late)
            agenda.add(person, at: isLate ? opening + UInt32.random(in: 0...span) : now + UInt32.random(in: 0...early))
        }
        return agenda
    }

    /// Whether nobody can buy any more.
    private var isSoldOut: Bool { observations.acceptedUnits > capacity - quantity }
}
