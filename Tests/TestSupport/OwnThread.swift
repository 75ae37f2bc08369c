import Foundation
import Glibc

/// Which computations wait for each other.
package struct OwnThreads: Sendable {
    /// One at a time.
    package static let one = OwnThreads(Turns(1))
    /// Two at a time, for the simulator, whose tests run apart from those with deadlines.
    package static let two = OwnThreads(Turns(2))

    fileprivate let turns: Turns

    private init(_ turns: Turns) { self.turns = turns }
}

/// Runs `body` on its own thread with low priority, a few calls at a time. A computation of several seconds must block
/// neither a thread of the cooperative pool nor the machine, because other tests have deadlines.
package func onOwnThread<Value: Sendable>(
    _ threads: OwnThreads = .one, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    await threads.turns.enter()
    do {
        let value = try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                // 0 is the calling thread; on Linux each thread has its own niceness.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
                continuation.resume(with: Result(catching: body))
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        await threads.turns.leave()
        return value
    } catch {
        await threads.turns.leave()
        throw error
    }
}

private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func enter() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
