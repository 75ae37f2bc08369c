import NIOConcurrencyHelpers

/// Lets each person of a crowd do their next step when it is due. At most `width` steps are under way, whatever the size of the
/// crowd is: a person that waits for their time is a number in the agenda, and not a task.
struct CrowdLoop: Sendable {
    /// One step of a person; the time of the next one, or nil if the person is done.
    typealias Step = @Sendable (_ person: Int) async -> UInt32?

    /// How long the loop sleeps at most while nobody is due.
    private static let granularity = 10

    private struct State {
        var agenda: Agenda
        var underWay = 0
        var isOver = false
    }

    let width: Int
    let clock: RunClock

    /// Returns when nobody has a next step, at the end, or after `isOver` is true; the steps under way end before.
    func run(
        _ agenda: Agenda, until end: UInt32, isOver: @Sendable () -> Bool = { false }, _ step: @escaping Step
    ) async {
        let (width, clock) = (width, clock)
        let state = NIOLockedValueBox(State(agenda: agenda))
        await withDiscardingTaskGroup { group in
            while true {
                let now = clock.now
                let (due, isDone, next, isBusy) = state.withLockedValue { state in
                    var due: [Int] = []
                    while state.underWay < width, let person = state.agenda.next(at: now) {
                        due.append(person)
                        state.underWay += 1
                    }
                    return (
                        due, state.agenda.count == 0 && state.underWay == 0, state.agenda.nextDue,
                        state.underWay >= width
                    )
                }
                for person in due {
                    group.addTask { await Self.run(person, state, clock, step) }
                }
                if isDone || now >= end || isOver() { break }
                // Those under way take over whoever is due when all are busy.
                let rest = isBusy ? Self.granularity : next.map { Int($0) - Int(now) } ?? Self.granularity
                do { try await Task.sleep(for: .milliseconds(min(Self.granularity, max(1, rest)))) } catch { break }
            }
            state.withLockedValue { $0.isOver = true }
        }
    }

    /// A step, and then those of others that have become due meanwhile.
    private static func run(
        _ first: Int, _ state: NIOLockedValueBox<State>, _ clock: RunClock, _ step: Step
    ) async {
        var next: Int? = first
        while let person = next {
            let again = await step(person)
            next = state.withLockedValue { state in
                if let again { state.agenda.add(person, at: again) }
                if !state.isOver, let other = state.agenda.next(at: clock.now) { return other }
                state.underWay -= 1
                return nil
            }
        }
    }
}

/// Milliseconds since the beginning of a run.
struct RunClock: Sendable {
    let start = ContinuousClock.now

    var now: UInt32 { at(.now) }

    func at(_ instant: ContinuousClock.Instant) -> UInt32 {
        UInt32(clamping: start.duration(to: instant).milliseconds)
    }

    /// The time after a delay.
    func after(_ delay: Duration) -> UInt32 { UInt32(clamping: Int(now) + Int(delay.milliseconds)) }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
