import NIOConcurrencyHelpers
import Testing

@testable import Attack

struct AgendaTests {
    @Test func whoIsDueFirstIsNext() {
        var agenda = Agenda()
        var generator = SystemRandomNumberGenerator()
        let times = (0..<500).map { _ in UInt32.random(in: 0...1000, using: &generator) }
        for (person, time) in times.enumerated() { agenda.add(person, at: time) }
        #expect(agenda.nextDue == times.min())
        var order: [UInt32] = []
        while let person = agenda.next(at: 1000) { order.append(times[person]) }
        #expect(order == times.sorted())
        #expect(agenda.count == 0)
        #expect(agenda.nextDue == nil)
    }

    @Test func nobodyIsNextBeforeTheirTime() {
        var agenda = Agenda()
        agenda.add(7, at: 100)
        #expect(agenda.next(at: 99) == nil)
        #expect(agenda.next(at: 100) == 7)
    }

    /// 300 people with three steps each, ten of them at a time.
    @Test func everyStepIsDoneAndFewAtATime() async {
        struct State {
            var (present, most, steps) = (0, 0, [Int: Int]())
        }
        let state = NIOLockedValueBox(State())
        var agenda = Agenda()
        for person in 0..<300 { agenda.add(person, at: 0) }
        let loop = CrowdLoop(width: 10, clock: RunClock())
        await loop.run(agenda, until: .max) { person in
            let count = state.withLockedValue { state in
                state.present += 1
                state.most = max(state.most, state.present)
                state.steps[person, default: 0] += 1
                return state.steps[person, default: 0]
            }
            await Task.yield()
            state.withLockedValue { $0.present -= 1 }
            return count < 3 ? loop.clock.now : nil
        }
        let end = state.withLockedValue { $0 }
        #expect(end.steps.count == 300)
        #expect(end.steps.values.allSatisfy { $0 == 3 })
        #expect(end.most <= 10)
    }

    @Test func theEndIsTheEnd() async {
        let steps = NIOLockedValueBox(0)
        var agenda = Agenda()
        agenda.add(1, at: 0)
        agenda.add(2, at: .max)
        let loop = CrowdLoop(width: 10, clock: RunClock())
        await loop.run(agenda, until: .max, isOver: { steps.withLockedValue { $0 } > 3 }) { _ in
            steps.withLockedValue { $0 += 1 }
            return loop.clock.now
        }
        #expect(steps.withLockedValue { $0 } > 3)
    }
}
