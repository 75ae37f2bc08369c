import Histogram

/// The responses that the clients of one attack got, summed up.
struct Record: Sendable {
    struct Ticket: Codable, Hashable, Sendable {
        var id: String
        var quantity: Int
    }

    /// Latencies of all requests, answered or given up, in microseconds with three significant digits.
    var latencies = Histogram<UInt32>(numberOfSignificantValueDigits: .three)
    var tickets: [Ticket] = []
    /// Accepted purchases, with a ticket or without.
    var accepted = 0
    var acceptedUnits = 0
    var refused: [String: Int] = [:]
    var unknown: [String: Int] = [:]
    /// Units of requests with an unknown outcome.
    var unknownUnits = 0
    /// Tickets that responses with an unknown outcome named.
    var named: Set<String> = []
    /// Scheduled requests that were not sent because the maximum number was in flight.
    var dropped = 0
    var retries = 0
    /// Tickets that were returned for two purchases.
    var givenTwice: [String] = []
    /// Keys whose repetition returned another ticket or none.
    var keysBroken: [String] = []
    var lastAccepted: ContinuousClock.Instant?

    var answered: Int { Int(latencies.totalCount) }
    var soldOut: Int { refused["sold-out", default: 0] }
    /// The number of all outcomes other than accepted and sold out, by code.
    var errors: [String: Int] {
        refused.filter { $0.key != "sold-out" }.merging(unknown, uniquingKeysWith: +)
    }
}
