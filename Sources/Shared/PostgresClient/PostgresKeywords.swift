/// The keywords of a connection string and their values.
struct PostgresKeywords: Hashable {
    private(set) var pairs: [(name: String, value: String)] = []

    static func == (one: Self, other: Self) -> Bool { one.pairs.elementsEqual(other.pairs, by: ==) }

    func hash(into hasher: inout Hasher) {
        for pair in pairs {
            hasher.combine(pair.name)
            hasher.combine(pair.value)
        }
    }

    subscript(name: String) -> String? {
        get { pairs.first { $0.name == name }?.value }
        set {
            pairs.removeAll { $0.name == name }
            if let newValue { pairs.append((name, newValue)) }
        }
    }

    /// The keywords for one server of the list.
    func selecting(_ endpoint: PostgresEndpoint) -> PostgresKeywords {
        var one = self
        one["host"] = endpoint.host
        one["hostaddr"] = endpoint.address
        one["port"] = endpoint.port
        return one
    }

    /// How long one address of one host may take: the keyword `connect_timeout` in seconds, if it is positive.
    func timeout(otherwise timeout: Duration) -> Duration {
        guard let seconds = self["connect_timeout"].flatMap({ Int($0) }), seconds > 0 else { return timeout }
        return .seconds(min(seconds, 3600))
    }

    /// The rounds in which the servers are tried. libpq tries them twice to prefer a standby: first it accepts a standby
    /// only.
    var rounds: [PostgresKeywords] {
        guard self["target_session_attrs"] == "prefer-standby" else { return [self] }
        return ["standby", "any"].map { wanted in
            var round = self
            round["target_session_attrs"] = wanted
            return round
        }
    }

    /// Whether the servers are tried in a random order (libpq 16).
    var isBalanced: Bool { self["load_balance_hosts"] == "random" }
}
