import Foundation

/// Runs `body` on a thread of its own: what computes for seconds must not hold a thread of the cooperative pool, on which
/// other tests meet deadlines.
public func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result(catching: body)) }
        thread.stackSize = 8 << 20
        thread.start()
    }
}
