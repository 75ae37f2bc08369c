import Foundation
import TestSupport
import Testing

@testable import Runtime

/// The metrics of both programs.
@Suite(.timeLimit(.minutes(10))) struct MetricsTests {
    /// The value of a series; nil if there is none.
    private func value(_ series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    /// Checks names, types and help texts with promtool; a warning is a failure too.
    private func check(_ text: String) async throws {
        let file = try ServerProcess.makeDirectory().appendingPathComponent("metrics")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let run = try Run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "exec promtool check metrics < \(file.path)"], [:])
        #expect(try await run.exitCode() == 0, "\(run.output)")
        #expect(run.output.isEmpty, "\(run.output)")
    }

    @Test func bothProgramsExportTheirMetrics() async throws {
        try await withTestStores { test in
            let (port, metricsPort) = (try freePort(), try freePort())
            let programs = [
                try Run("API", [], test.environment.merging(["PORT": String(port), "DEMO": "true"]) { $1 }),
                try Run("Worker", [], test.environment.merging(["METRICS_PORT": String(metricsPort)]) { $1 }),
            ]
            let (api, worker) = (HTTPClient(port: port), HTTPClient(port: metricsPort))
            try await eventually("both are ready", within: 40) {
                let responses = [try? await api.send("GET", "/readyz"), try? await worker.send("GET", "/readyz")]
                return responses.allSatisfy { $0?.status == 200 }
            }
            let key = ["Idempotency-Key": "a"]
            for _ in 0..<2 { #expect(try await api.send("POST", "/buy", headers: key).status == 202) }
            #expect(try await api.send("POST", "/buy", #"{"quantity":10}"#).status == 202)
            #expect(try await api.send("POST", "/buy", #"{"event":"none"}"#).status == 404)
            #expect(try await api.send("POST", "/reset", #"{"capacity":0}"#).status == 200)
            #expect(try await api.send("POST", "/buy").status == 410)
            try await test.waitUntilDrained()

            let sold = try await api.send("GET", "/metrics")
            #expect(sold.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let claims = { (outcome: String, reason: String) in
                value(#"ticketblitz_claims_total{outcome="\#(outcome)",reason="\#(reason)"}"#, in: sold.body)
            }
            #expect(claims("accepted", "new") == 2)
            #expect(claims("accepted", "replayed") == 1)
            #expect(claims("refused", "sold-out") == 1)
            #expect(claims("refused", "customer-limit") == 0)
            // A purchase of an unknown event claims twice, before and after the ledger is queried.
            #expect(value("ticketblitz_claim_duration_seconds_count", in: sold.body) ?? 0 >= 5)
            #expect(value("ticketblitz_queue_entries", in: sold.body) == 0)
            #expect(value("ticketblitz_open_partitions", in: sold.body) == 1)
            #expect(value("ticketblitz_http_connections", in: sold.body) == 1)
            #expect(value("ticketblitz_workers", in: sold.body) == 1)
            #expect(value("process_resident_memory_bytes", in: sold.body) ?? 0 > 1_000_000)
            #expect(sold.body.contains(#"ticketblitz_build_info{program="API",version=""#))

            let written = try await worker.send("GET", "/metrics").body
            #expect(value("ticketblitz_batch_size_count", in: written) ?? 0 >= 1)
            #expect(value("ticketblitz_batch_size_sum", in: written) ?? 0 >= 2)
            #expect(value("ticketblitz_persist_duration_seconds_count", in: written) ?? 0 >= 1)
            #expect(value("ticketblitz_persist_retries_total", in: written) == 0)
            #expect(value("process_cpu_seconds_total", in: written) != nil)
            let started = try #require(value("process_start_time_seconds", in: written))
            #expect(abs(started - Date().timeIntervalSince1970) < 300)
            try await check(sold.body)
            try await check(written)
            #expect(try await worker.send("GET", "/healthz").status == 200)
            for program in programs { program.signal(SIGTERM) }
            for program in programs { #expect(try await program.exitCode() == 0) }
        }
    }

    private static let deploy = checkout.appendingPathComponent("deploy")

    /// promtool tests that the alerts fire when they must, and only then.
    @Test func theAlertsPassTheirTests() async throws {
        let folder = Self.deploy.appendingPathComponent("prometheus").path
        let run = try Run(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "cd \(folder) && promtool check config prometheus.yml && promtool test rules alerts_test.yml"], [:])
        #expect(try await run.exitCode() == 0, "\(run.output)")
    }

    /// promtool reads the expressions of the dashboard.
    @Test func theExpressionsOfTheDashboardAreValid() async throws {
        let data = try Data(contentsOf: Self.deploy.appendingPathComponent("grafana/dashboards/ticketblitz.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
        let rules = targets.compactMap { $0["expr"] as? String }.enumerated().map { index, expression in
            ["record": "panel:\(index)", "expr": expression.replacing("$__rate_interval", with: "1m")]
        }
        #expect(rules.count >= panels.count)
        let file = try ServerProcess.makeDirectory().appendingPathComponent("rules.yml")
        let groups: [String: Any] = ["groups": [["name": "dashboard", "rules": rules]]]
        try JSONSerialization.data(withJSONObject: groups, options: .withoutEscapingSlashes).write(to: file)
        let run = try Run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "promtool check rules \"$0\"", file.path], [:])
        #expect(try await run.exitCode() == 0, "\(run.output)")
    }

    /// All metrics that the alerts and the dashboard use exist.
    @Test(arguments: ["prometheus/alerts.yml", "grafana/dashboards/ticketblitz.json"])
    func everyMetricThatIsUsedExists(file: String) throws {
        let text = try String(contentsOf: Self.deploy.appendingPathComponent(file), encoding: .utf8)
        let names = Set(text.matches(of: /(ticketblitz|process)_[a-z_]+/).map { String($0.output.0) })
        #expect(names.count > 5)
        for name in names where name != "ticketblitz_" {
            let base = name.replacing(/_(bucket|sum|count)$/, with: "")
            #expect(MetricDescription.byName[base] != nil, "\(name)")
        }
    }
}
