/// What the two servers are set to, as far as it bears on what an acknowledgement is worth; and what there is to say about
/// it. No I/O.
package struct ServerSettings: Hashable {
    /// Redis's `CONFIG GET`; nil where it does not say, as services that hide it do not.
    package var redis: [String: String]?
    /// Redis's version: `7.0.15`; Valkey tells the Redis version that it is compatible with.
    var redisVersion = ""
    /// Postgres's settings by name.
    package var postgres: [String: String] = [:]

    /// Something about the settings that an operator has to know.
    struct Finding: Hashable {
        enum Weight: Hashable {
            /// Orders that were acknowledged may be lost or sold twice in normal operation, or nothing works at all.
            case refuse
            /// Orders that were acknowledged may be lost when something dies.
            case warn
        }

        var weight: Weight
        /// What is set, what may be lost, what to do.
        var line: String
    }

    static let redisNames = ["appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy"]
    static let postgresNames = ["server_version_num", "synchronous_commit", "fsync", "full_page_writes"]

    var findings: [Finding] { redisFindings + postgresFindings }

    private var redisFindings: [Finding] {
        var findings: [Finding] = []
        if let major = redisVersion.split(separator: ".").first.flatMap({ Int($0) }), major < 7 {
            findings.append(
                Finding(
                    weight: .refuse,
                    line:
                        "Redis \(redisVersion) is too old: its scripts cannot refuse before they write; use 7.0 or later"
                ))
        }
        guard let redis else {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Redis does not tell its settings (CONFIG GET): see to it that it runs with appendonly yes, "
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
                        "Redis's appendonly is no: a restart loses every acknowledged order that is not in Postgres yet; "
                        + "set it to yes"))
        } else if let sync = redis["appendfsync"], sync != "always" {
            let lost = sync == "everysec" ? "the last two seconds' orders" : "the last half minute's orders"
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Redis's appendfsync is \(sync): a crash may lose \(lost) though they were acknowledged; "
                        + "set it to always"))
        }
        if redis["appendonly"] != "no", redis["no-appendfsync-on-rewrite"] == "yes" {
            findings.append(
                Finding(
                    weight: .warn,
                    line:
                        "Redis's no-appendfsync-on-rewrite is yes: while its file is rewritten nothing is synced, and a "
                        + "power cut may lose what was acknowledged meanwhile; set it to no"))
        }
        return findings
    }

    private var postgresFindings: [Finding] {
        var findings: [Finding] = []
        if let number = postgres["server_version_num"].flatMap({ Int($0) }), number < 130_000 {
            findings.append(
                Finding(
                    weight: .refuse,
                    line: "Postgres \(number / 10_000) is too old and gets no fixes any more; use 13 or later"))
        }
        if postgres["synchronous_commit"] == "off" {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Postgres's synchronous_commit is off: a crash may lose the last half second's orders, which "
                        + "Redis has let go by then; set it to on"))
        }
        for name in ["fsync", "full_page_writes"] where postgres[name] == "off" {
            findings.append(
                Finding(
                    weight: .warn,
                    line: "Postgres's \(name) is off: a power cut may destroy the ledger; set it to on"))
        }
        return findings
    }
}
