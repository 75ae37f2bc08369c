/// A bound on the lines of one kind that are logged: so many in each interval. No I/O.
package struct LineLimit: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// The line is logged. `omitted` lines of its kind were omitted since the last one.
        case log(omitted: Int)
        case omit
    }

    private let lines: Int
    private let interval: Duration
    private var began: ContinuousClock.Instant?
    private var logged = 0
    private var omitted = 0

    package init(lines: Int, in interval: Duration) {
        self.lines = lines
        self.interval = interval
    }

    /// For faults of clients, who decide how often they occur.
    package static let ofClients = LineLimit(lines: 5, in: .seconds(60))
    /// For faults of this service or its stores, of which each request reports one.
    package static let ofService = LineLimit(lines: 60, in: .seconds(60))

    /// Decides about one line.
    package mutating func take(at now: ContinuousClock.Instant) -> Verdict {
        if let began, now - began < interval {
            guard logged < lines else {
                omitted += 1
                return .omit
            }
        } else {
            began = now
            logged = 0
        }
        logged += 1
        defer { omitted = 0 }
        return .log(omitted: omitted)
    }
}
