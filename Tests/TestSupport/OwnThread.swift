import Foundation
import Glibc

/// Runs `body` on its own thread with low priority, one call at a time. A computation of several seconds must block
/// neither a thread of the cooperative pool nor the machine, because other tests have deadlines.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    await turn.enter()
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
        await turn.leave()
        return value
    } catch {
        await turn.leave()
        throw error
    }
}

private let turn = Turn()

private actor Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } } else { isTaken = true }
    }

    func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
