import Foundation
import Glibc

/// Runs `body` on a thread, one of all at a time and behind everything else: what computes for seconds must hold neither a
/// thread of the cooperative pool nor the machine, on which other tests meet deadlines.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    await turn.enter()
    do {
        let value = try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                // 0 is the caller; on Linux a thread has a niceness of its own.
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
