import ArgumentParser

/// The options of crowds: people that wait, instead of clients that buy.
struct CrowdOptions: ParsableArguments {
    @Flag(
        help: """
            Gives the event a waiting room, lets people join, wait, and buy with their passes, and judges the draw, the \
            order and the rate. Requires --reset and --admin-token; the event keeps its room.
            """)
    var room = false

    @Flag(
        help: """
            Gives the event a waiting list, lets people sell it out, take places, cancel, and accept offers, and judges \
            who got them. Requires --reset and --admin-token; the event keeps its list, and is paused at the end.
            """)
    var waitlist = false

    @Option(help: "With --room and --waitlist: how many people come, 1 to 1,000,000.")
    var people = 1000

    @Option(help: "With --room: people that are admitted in a second, 1 to 100,000.")
    var admissionRate = 50

    @Option(help: "With --room: how long a pass is valid, 10 to 3,600 seconds.")
    var passSeconds = 30

    @Option(
        help: "With --room: how long people come to the lobby before the sale opens; the others come as long after.")
    var opensIn = TimeSpan(.seconds(5))

    @Option(help: "With --room: percent of the people that come after the opening.")
    var late = 20

    @Option(
        help: "With --room: percent of the people that try to get a second place, to buy without a pass, and too much.")
    var greedy = 5

    @Option(help: "With --waitlist: how long an offer is held, 10 to 604,800 seconds.")
    var offerSeconds = 10

    @Option(help: "With --waitlist: percent of those who have bought that cancel.")
    var cancel = 20

    @Option(help: "With --waitlist: percent of the people that take no place, and try to buy again and again.")
    var walkIn = 10

    @Option(help: "With --room and --waitlist: percent of the people that leave while they wait.")
    var giveUp = 10

    @Option(
        help: "With --room and --waitlist: percent of the people that do not use their pass, or their offer, in time.")
    var lapse = 5

    /// Whether there is a crowd.
    var isUsed: Bool { room || waitlist }

    /// What the people do, in words.
    func plan(width: Int) -> String {
        let what = room ? "in a waiting room that admits \(admissionRate) a second" : "with a waiting list"
        return "\(people) people \(what), at most \(width) requests in flight"
    }

    func validate() throws {
        guard !(room && waitlist) else { throw ValidationError("--room and --waitlist exclude each other") }
        guard (1...1_000_000).contains(people) else { throw ValidationError("--people must be 1 to 1000000") }
        guard (1...100_000).contains(admissionRate) else {
            throw ValidationError("--admission-rate must be 1 to 100000")
        }
        guard (10...3600).contains(passSeconds) else { throw ValidationError("--pass-seconds must be 10 to 3600") }
        guard (10...604_800).contains(offerSeconds) else {
            throw ValidationError("--offer-seconds must be 10 to 604800")
        }
        for (name, percent) in [
            ("late", late), ("greedy", greedy), ("cancel", cancel), ("walk-in", walkIn), ("give-up", giveUp),
            ("lapse", lapse),
        ] where !(0...100).contains(percent) {
            throw ValidationError("--\(name) must be 0 to 100")
        }
        guard giveUp + lapse <= 100 else {
            throw ValidationError("--give-up and --lapse must be 100 together, at most")
        }
    }
}

extension Bool {
    /// True with a probability.
    static func chance(percent: Int) -> Bool { Int.random(in: 0..<100) < percent }
}
