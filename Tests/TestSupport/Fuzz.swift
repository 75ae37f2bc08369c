import Foundation
import Glibc

/// Checks many random inputs, on a thread of its own. Ends at the first input that fails.
///
/// The inputs have the seeds from 1 on, so each run checks the same ones. `FUZZ_FACTOR=100` checks a hundred times as
/// many. A failure, and the report of a crash, names the seed of the input; `FUZZ_SEED` with this number checks only that
/// input.
///
/// - Parameter check: throws if the input is handled wrongly; see ``require(_:_:)``.
package func fuzz(
    _ name: StaticString, inputs: Int, environment: [String: String] = ProcessInfo.processInfo.environment,
    _ check: @escaping @Sendable (inout FuzzInput) throws -> Void
) async throws {
    let only = environment["FUZZ_SEED"].flatMap { UInt64($0) }
    let count = max(1, UInt64(Double(inputs) * (environment["FUZZ_FACTOR"].flatMap { Double($0) } ?? 1)))
    try await onOwnThread {
        let began = ContinuousClock.now
        reportCrashes(of: name)
        defer { endCrashReports() }
        for seed in only.map({ $0...$0 }) ?? 1...count {
            current.pointee.seed = seed
            var input = FuzzInput(seed: seed)
            do { try check(&input) } catch { throw FuzzFailure(description: "FUZZ_SEED=\(seed): \(error)") }
        }
        print("fuzz: \(name): \(count) inputs in \(ContinuousClock.now - began)")
    }
}

/// An input that is handled wrongly.
package struct FuzzFailure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Throws a ``FuzzFailure`` unless the condition holds. It costs far less than `#expect`.
package func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw FuzzFailure(description: message()) }
}

// MARK: Crashes

private struct CurrentInput {
    var name: StaticString?
    var seed: UInt64 = 0
}

/// The input that is being checked. A signal handler can take no lock, so it is not guarded by one.
private nonisolated(unsafe) let current = {
    // One check runs at a time (`onOwnThread`), and the handler runs on the thread that crashed.
    let current = UnsafeMutablePointer<CurrentInput>.allocate(capacity: 1)
    current.initialize(to: CurrentInput())
    return current
}()

private let fatalSignals = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT]

/// Prints the seed of the current input before the process ends by a signal.
private func reportCrashes(of name: StaticString) {
    current.pointee.name = name
    for number in fatalSignals {
        signal(number) { number in
            if let name = current.pointee.name {
                writeToStandardError("\nfuzz: ")
                writeToStandardError(name)
                writeToStandardError(": the process crashed with FUZZ_SEED=")
                writeToStandardError(current.pointee.seed)
                writeToStandardError("\n")
            }
            // The instruction is repeated and ends the process.
            signal(number, SIG_DFL)
        }
    }
}

private func endCrashReports() {
    current.pointee.name = nil
    for number in fatalSignals { signal(number, SIG_DFL) }
}

// These allocate nothing, as a signal handler requires.

private func writeToStandardError(_ text: StaticString) {
    _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
}

private func writeToStandardError(_ number: UInt64) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
        var digit = UInt8(ascii: "0") + UInt8(number / divisor % 10)
        _ = write(STDERR_FILENO, &digit, 1)
        divisor /= 10
    }
}
