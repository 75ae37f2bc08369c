import ArgumentParser

/// What the attack and the lab have in common.
struct ServiceOptions: ParsableArguments {
    @Option(help: "Where the API is.")
    var url = "http://127.0.0.1:9090"

    @Option(help: "How long a request may take.")
    var timeout = TimeSpan(.seconds(10))

    @Option(help: "How long to wait, after the load, until every order has come to its end.")
    var settle = TimeSpan(.seconds(60))

    @Option(help: "The ledger, to compare with its rows too: a URL or keywords as libpq takes them.")
    var databaseURL: String?

    @Flag(help: "Say nothing before the report.")
    var quiet = false
}

/// How an attack buys.
struct LoadOptions: ParsableArguments {
    @Option(
        help: """
            Clients; each sends its next request when it has its answer (closed loop). With --rate: requests under way at \
            most. (default: 10, with --rate 1000)
            """)
    var clients: Int?

    @Option(help: "For how long to buy: 5s, 500ms, 2m.")
    var duration = TimeSpan(.seconds(5))

    @Option(
        help: """
            Requests a second, sent on schedule whatever the answers take (open loop); latency counts from the scheduled \
            time, and what would be more than --clients under way is dropped and reported.
            """)
    var rate: Double?

    @Option(help: "Units of a purchase.")
    var quantity = 1

    @Option(help: "Buy for so many customers, one after the other: c1, c2, … (the real sale only).")
    var customers: Int?

    @Option(
        help: """
            Send every purchase with an Idempotency-Key, and so many times again once it was accepted; requests with an \
            unknown outcome are sent again too (the real sale only).
            """)
    var idempotentRetries = 0

    func validate() throws {
        if let clients, !(1...10_000).contains(clients) { throw ValidationError("--clients must be 1 to 10000") }
        if let rate, !(rate > 0 && rate <= 1_000_000) {
            throw ValidationError("--rate must be above 0, at most 1000000")
        }
        guard (1...1000).contains(quantity) else { throw ValidationError("--quantity must be 1 to 1000") }
        if let customers, customers < 1 { throw ValidationError("--customers must be 1 or more") }
        guard (0...10).contains(idempotentRetries) else {
            throw ValidationError("--idempotent-retries must be 0 to 10")
        }
    }
}
