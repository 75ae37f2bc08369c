/// People that use a sale as people do, instead of clients that only buy.
protocol Crowd: Sendable {
    /// Makes the event, with the units that are for sale.
    func prepare() async throws

    /// Lets all people act until the run is over.
    func run() async throws

    /// What they have seen, against what the service promises; after ``run()``.
    ///
    /// - Parameter account: the counters of the event at rest.
    func result(_ account: Account) async -> CrowdResult
}

/// What a crowd has seen.
struct CrowdResult: Sendable {
    var findings = Findings()
    var figures: CrowdFigures
}

/// The figures of a crowd, for the report.
enum CrowdFigures: Sendable {
    case room(RoomFigures)
    case waitlist(WaitlistFigures)

    var room: RoomFigures? { if case .room(let figures) = self { figures } else { nil } }
    var waitlist: WaitlistFigures? { if case .waitlist(let figures) = self { figures } else { nil } }

    /// The lines of the report, before those of the purchases.
    var lines: [(String, String)] {
        switch self {
        case .room(let figures): figures.lines
        case .waitlist(let figures): figures.lines
        }
    }
}

/// What a judgement has found.
struct Findings: Hashable, Sendable {
    /// The promises that are broken, one line each.
    var broken: [String] = []
    /// What could not be verified, one line each.
    var unjudged: [String] = []

    mutating func add(_ line: String) { broken.append(line) }

    mutating func add(_ count: Int, _ what: String, _ example: @autoclosure () -> String? = nil) {
        guard count > 0 else { return }
        add("\(count) \(what)" + (example().map { ", for example \($0)" } ?? ""))
    }
}
