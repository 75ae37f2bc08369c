import ArgumentParser

/// The options of the load.
struct LoadOptions: ParsableArguments {
    @Option(
        help: """
            Clients, 1 to 10,000; each sends its next request after the answer to the last one (closed loop). With \
            --rate, --room and --waitlist: the maximum number of requests in flight. (default: 10; 1000 with --rate, 256 \
            with --room and --waitlist)
            """)
    var clients: Int?

    @Option(
        help: """
            How long to buy; with --room after the opening. (default: 5s; 60s with --room and --waitlist)
            """)
    var duration: TimeSpan?

    @Option(
        help: """
            Requests per second, sent on schedule regardless of the answers (open loop), at most 1,000,000. Latency is \
            measured from the scheduled time. Requests that would exceed --clients in flight are dropped and reported.
            """)
    var rate: Double?

    @Option(help: "Units of one purchase, 1 to 1,000; with --waitlist the most, each person wants a random number.")
    var quantity = 1

    @Option(help: "Number of customers to buy for in turn: c1, c2, …; target sale only.")
    var customers: Int?

    @Option(help: "Token of a customer, sent with every purchase (see CUSTOMER_TOKENS_KEY); target sale only.")
    var customerToken: String?

    @Option(
        help: """
            Sends every purchase with an Idempotency-Key, and repeats each accepted purchase this number of times, 0 to \
            10; requests with an unknown outcome are repeated too; target sale only.
            """)
    var idempotentRetries = 0

    func validate() throws {
        if let clients, !(1...10_000).contains(clients) { throw ValidationError("--clients must be 1 to 10000") }
        if let rate, !(rate > 0 && rate <= 1_000_000) {
            throw ValidationError("--rate must be above 0, at most 1000000")
        }
        guard (1...1000).contains(quantity) else { throw ValidationError("--quantity must be 1 to 1000") }
        if let customers, customers < 1 { throw ValidationError("--customers must be 1 or more") }
        guard customers == nil || customerToken == nil else {
            throw ValidationError("--customers and --customer-token exclude each other")
        }
        guard (0...10).contains(idempotentRetries) else {
            throw ValidationError("--idempotent-retries must be 0 to 10")
        }
    }
}
