import RedisSchema

/// The settings of the two servers that affect durability, and the findings about them. No I/O.
package struct ServerSettings: Hashable {
    /// The result of `CONFIG GET`; nil if the server refuses the command, as some hosted services do.
    package var redis: [String: String]?
    /// The version of Redis: `7.0.15`. Valkey reports the Redis version with which it is compatible.
    var redisVersion = ""
    /// The setting of the programs, which requires others of Redis.
    var durability: Durability
    /// Settings of PostgreSQL by name.
    package var postgres: [String: String] = [:]

    /// A setting that an operator must know about.
    struct Finding: Hashable {
        enum Weight: Hashable {
            /// Acknowledged orders can be lost or units sold twice in normal operation, or the programs cannot work.
            case refuse
            /// Acknowledged orders can be lost in a crash.
            case warn
        }

        var weight: Weight
        /// The setting, what can be lost, and what to change.
        var line: String
    }

    static let redisNames = [
        "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy", "min-replicas-to-write",
        "cluster-enabled", "cluster-node-timeout",
    ]
    static let postgresNames = ["server_version_num", "synchronous_commit", "fsync", "full_page_writes"]

    var findings: [Finding] { redisFindings + replicaFindings + postgresFindings }

    /// About replicas and their promotion.
    private var replicaFindings: [Finding] {
        guard let redis else { return [] }
        var findings: [Finding] = []
        if durability == .replicaStrict, redis["min-replicas-to-write"] == "0" {
            findings.append(
                Finding(
                    weight: .refuse,
                    line:
                        "DURABILITY is replica-strict, but Redis's min-replicas-to-write is 0: it would accept orders "
                        + "that no replica has; set it to 1"))
        }
        if redis["cluster-enabled"] == "yes",
            let timeout = redis["cluster-node-timeout"].flatMap({ Int($0) }), !(2000...15_000).contains(timeout)
        {
            let consequence =
                timeout < 2000
                ? "a disk that stalls could cause a failover" : "the loss of a primary stops its sales that long"
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Redis's cluster-node-timeout is \(timeout) ms: \(consequence); set it to 2000 to 15000"))
        }
        return findings
    }

    private var redisFindings: [Finding] {
        var findings: [Finding] = []
        if let major = redisVersion.split(separator: ".").first.flatMap({ Int($0) }), major < 7 {
            findings.append(
                Finding(
                    weight: .refuse,
                    line:
                        "Redis \(redisVersion) is too old: it cannot refuse a script before its first write; use 7.0 or later"
                ))
        }
        guard let redis else {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Redis refuses CONFIG GET, so its settings cannot be checked: run it with appendonly yes, "
                        + "appendfsync always and maxmemory-policy noeviction, or acknowledged orders may be lost"))
            return findings
        }
        let policy = redis["maxmemory-policy"] ?? "noeviction"
        if policy != "noeviction" {
            findings.append(
                Finding(
                    weight: .refuse,
                    line: "Redis's maxmemory-policy is \(policy): a full Redis would delete acknowledged orders; "
                        + "set it to noeviction"))
        }
        if redis["appendonly"] == "no" {
            findings.append(
                Finding(
                    weight: .warn,
                    line:
                        "Redis's appendonly is no: a restart loses every acknowledged order that is not in Postgres "
                        + "yet; set it to yes"))
        } else if let sync = redis["appendfsync"], sync != "always" {
            let lost = sync == "everysec" ? "orders of the last two seconds" : "orders of the last half minute"
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Redis's appendfsync is \(sync): a crash may lose the acknowledged \(lost); "
                        + "set it to always"))
        }
        if redis["appendonly"] != "no", redis["no-appendfsync-on-rewrite"] == "yes" {
            findings.append(
                Finding(
                    weight: .warn,
                    line:
                        "Redis's no-appendfsync-on-rewrite is yes: during a rewrite of its file nothing is synced, "
                        + "and a power failure may lose acknowledged orders; set it to no"))
        }
        return findings
    }

    private var postgresFindings: [Finding] {
        var findings: [Finding] = []
        if let number = postgres["server_version_num"].flatMap({ Int($0) }), number < 130_000 {
            findings.append(
                Finding(
                    weight: .refuse,
                    line: "Postgres \(number / 10_000) is too old and gets no fixes; use 13 or later"))
        }
        if postgres["synchronous_commit"] == "off" {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Postgres's synchronous_commit is off: a crash may lose the orders of the last half "
                        + "second, which Redis has already deleted from the queue; set it to on"))
        }
        for name in ["fsync", "full_page_writes"] where postgres[name] == "off" {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Postgres's \(name) is off: a power failure may destroy the ledger; set it to on"))
        }
        return findings
    }
}
