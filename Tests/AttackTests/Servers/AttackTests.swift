import Foundation
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

/// A running API and Worker, and the program Attack against them.
struct RunningSale {
    let test: TestStores
    let port: Int
    let api: HTTPClient
    private let programs: [Run]

    fileprivate static func start(
        _ test: TestStores, _ settings: [String: String]
    ) async throws -> RunningSale {
        let port = try freePort()
        let environment = test.environment.merging(
            ["PORT": String(port), "DEMO": "true", "ADMIN_TOKEN": "secret"]
        ) { $1 }.merging(settings) { $1 }
        let programs = [try Run("API", [], environment), try Run("Worker", [], environment)]
        let api = HTTPClient(port: port)
        try await eventually("the API is ready", within: 40) {
            (try? await api.send("GET", "/readyz"))?.status == 200
        }
        return RunningSale(test: test, port: port, api: api, programs: programs)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Runs Attack until it exits; its exit code and its output.
    func attack(_ arguments: [String], within seconds: Double = 90) async throws -> (code: Int32, output: String) {
        let run = try Run("Attack", arguments + ["--url", url], [:])
        let code = try await run.exitCode(within: seconds)
        return (code, run.output)
    }

    fileprivate func stop() async throws {
        for program in programs { program.signal(SIGTERM) }
        for program in programs { #expect(try await program.exitCode() == 0) }
    }
}

/// Starts an API and a Worker, runs `body`, and stops both gracefully. They are killed if `body` throws.
///
/// - Parameter settings: of both programs.
func withRunningSale(
    _ settings: [String: String] = [:], _ body: (RunningSale) async throws -> Void
) async throws {
    try await withTestStores { test in
        let sale = try await RunningSale.start(test, settings)
        try await body(sale)
        try await sale.stop()
    }
}

/// The program Attack against the real sale.
@Suite(.timeLimit(.minutes(10))) struct AttackTests {
    private func file() throws -> URL { try ServerProcess.makeDirectory().appendingPathComponent("report.json") }

    private func json(_ file: URL) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    }

    @Test func aTokenNamesTheCustomerOfEveryPurchase() async throws {
        let secret = String(repeating: "s", count: 32)
        try await withRunningSale(["CUSTOMER_TOKENS_KEY": "HS256:\(secret)"]) { sale in
            let token = TokenSigner.secret(secret).token("ann")
            let (code, output) = try await sale.attack(
                ["--customer-token", token, "--clients", "2", "--duration", "1s"])
            #expect(code == 0, "\(output)")
            #expect(!output.contains(token))
            #expect(
                try await sale.test.sql("SELECT string_agg(DISTINCT coalesce(customer, ''), ' ') FROM orders") == "ann")
        }
    }

    @Test func simultaneousClientsBuyExactlyTheCapacity() async throws {
        try await withRunningSale { sale in
            let file = try file()
            let run = try await sale.attack([
                "--clients", "20", "--duration", "4s", "--reset", "40", "--database-url",
                sale.test.settings.databaseURL, "--customers", "7", "--idempotent-retries", "2", "--json", file.path,
            ])
            #expect(run.code == 0, "\(run.output)")
            #expect(run.output.contains("every invariant holds (40 tickets followed, ledger rows compared)"))
            let report = try json(file)
            #expect(report["accepted"] as? Int == 40)
            #expect(report["retries"] as? Int == 80)
            #expect(report["verdict"] as? String == "holds")
            let latency = try #require(report["latency"] as? [String: Double])
            let times = ["p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"].compactMap { latency[$0] }
            #expect(times.count == 5)
            #expect(times == times.sorted())
            #expect((times.first ?? 0) > 0)
            #expect(try await sale.test.sql("SELECT count(DISTINCT customer) FROM orders") == "7")
        }
    }

    /// Latency is measured from the scheduled time, and requests that cannot be sent are reported.
    @Test func anOpenLoopFollowsItsSchedule() async throws {
        try await withRunningSale { sale in
            let file = try file()
            let run = try await sale.attack([
                "--rate", "50", "--duration", "2s", "--quantity", "3", "--reset", "149", "--json", file.path,
            ])
            #expect(run.code == 0, "\(run.output)")
            let report = try json(file)
            #expect(report["answered"] as? Int == 100)
            #expect(report["dropped"] as? Int == 0)
            #expect(report["accepted_units"] as? Int == 147)
            #expect((report["errors"] as? [String: Int])?["insufficient-stock"] == 51)
            let narrow = try await sale.attack(["--rate", "20000", "--clients", "1", "--duration", "200ms", "--quiet"])
            #expect(narrow.output.contains("dropped, not sent"), "\(narrow.output)")
        }
    }

    /// A trigger deletes about half of the acknowledged orders after they are inserted.
    @Test func aDeletedRowIsDetected() async throws {
        try await withRunningSale { sale in
            _ = try await sale.test.sql(
                """
                CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN DELETE FROM orders WHERE id = NEW.id AND hashtext(id::text) % 2 = 0; RETURN NULL; END $$;
                CREATE TRIGGER swallow AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION swallow()
                """)
            let run = try await sale.attack([
                "--clients", "2", "--duration", "1s", "--reset", "30", "--settle", "5s", "--quiet", "--database-url",
                sale.test.settings.databaseURL,
            ])
            #expect(run.code == 1, "\(run.output)")
            #expect(run.output.contains("without a row in the ledger"), "\(run.output)")
        }
    }

    @Test func theLabComparesAllStrategies() async throws {
        try await withRunningSale { sale in
            let page = try ServerProcess.makeDirectory().appendingPathComponent("lab.html")
            let run = try Run(
                "Attack",
                [
                    "lab", "--url", sale.url, "--clients", "10", "--capacity", "20", "--duration", "3s", "--html",
                    page.path, "--quiet",
                ], [:])
            #expect(try await run.exitCode(within: 120) == 0, "\(run.output)")
            func row(_ name: String) throws -> [Substring] {
                try #require(
                    run.output.split(separator: "\n").first { $0.hasPrefix("\(name) ") && $0.contains(" of 20 ") }
                ).split(separator: " ")
            }
            for name in ["row-lock", "conditional-update", "serializable", "redis-lua", "queue"] {
                #expect(try row(name).prefix(6) == [name[...], "10", "20", "of", "20", "0"], "\(run.output)")
            }
            #expect(try Int(row("naive")[5]) ?? 0 > 0, "\(run.output)")
            let html = try String(contentsOf: page, encoding: .utf8)
            #expect(html.contains("<td>naive</td>"))
            #expect(html.components(separatedBy: "<svg").count == 5)
            #expect(!html.contains("src="))
            #expect(!html.contains("href="))
            #expect(!html.contains("{{"), "a slot of the template has no value")
            // `Attack attack` accepts the same strategies.
            let rowLock = try await sale.attack(["--target", "row-lock", "--reset", "50", "--duration", "300ms"])
            #expect(rowLock.code == 0, "\(rowLock.output)")
        }
    }

    @Test func withoutDemoTheLabIsUnavailable() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try Run("API", [], test.environment.merging(["PORT": String(port)]) { $1 })
            try await eventually("the API responds") {
                (try? await HTTPClient(port: port).send("GET", "/healthz"))?.status == 200
            }
            let run = try Run("Attack", ["lab", "--url", "http://127.0.0.1:\(port)"], [:])
            #expect(try await run.exitCode(within: 120) == 2)
            #expect(run.output.contains("DEMO=true"))
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
        }
    }
}
