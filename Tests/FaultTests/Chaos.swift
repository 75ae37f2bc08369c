import Foundation

/// What `make chaos` tells the tests through the environment.
enum Chaos {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    static var isLong: Bool { number("CHAOS_SEEDS") != nil }
    /// One by chance, or those of a long run.
    static var seeds: [UInt64] {
        let first = UInt64(number("CHAOS_SEED") ?? Int.random(in: 1...1_000_000))
        return (0..<UInt64(number("CHAOS_SEEDS") ?? 1)).map { first + $0 }
    }
    static var seconds: Int { number("CHAOS_SECONDS") ?? 12 }
    /// Orders that the ledger has before a recovery begins.
    static var rows: Int { number("CHAOS_ROWS") ?? 200_000 }
}
