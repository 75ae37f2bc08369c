import Foundation

/// The settings of `make chaos`, from environment variables.
enum Chaos {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

    static var isLong: Bool { number("CHAOS_SEEDS") != nil }
    /// One random seed, or the consecutive seeds of a long run.
    static var seeds: [UInt64] {
        let first = UInt64(number("CHAOS_SEED") ?? Int.random(in: 1...1_000_000))
        return (0..<UInt64(number("CHAOS_SEEDS") ?? 1)).map { first + $0 }
    }
    static var seconds: Int { number("CHAOS_SECONDS") ?? 12 }
    /// The number of orders in the ledger before a recovery begins.
    static var rows: Int { number("CHAOS_ROWS") ?? 200_000 }
}
