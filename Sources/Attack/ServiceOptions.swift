import ArgumentParser

/// The options that `attack` and `lab` share.
struct ServiceOptions: ParsableArguments {
    @Option(help: "Address of the API.")
    var url = "http://127.0.0.1:9090"

    @Option(help: "Maximum duration of a request.")
    var timeout = TimeSpan(.seconds(10))

    @Option(help: "How long to wait after the load until every order is final.")
    var settle = TimeSpan(.seconds(60))

    @Option(help: "Ledger whose rows are compared too: a URL or a keyword string in the format of libpq.")
    var databaseURL: String?

    @Flag(help: "Prints nothing before the report.")
    var quiet = false
}
