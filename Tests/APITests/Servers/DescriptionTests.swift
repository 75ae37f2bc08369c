import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Engine

/// The API's description: valid OpenAPI, and in agreement with the API.
@Suite(.bothWays, .timeLimit(.minutes(30))) struct DescriptionTests {
    @Test func theServedDescriptionIsValidOpenAPI() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let served = try await api.send("GET", "/openapi.yaml")
                #expect(served.headers["content-type"] == "application/yaml")
                let file = try ServerProcess.makeDirectory().appendingPathComponent("openapi.yaml")
                try served.body.write(to: file, atomically: true, encoding: .utf8)
                let run = try Run(try tool("python"), ["-m", "openapi_spec_validator", file.path], [:])
                #expect(try await run.exitCode(within: 120) == 0, "\(run.output)")
            }
        }
    }

    /// YAML keeps the last of two members with one name, and the validator does not see the other one.
    @Test func noNameIsUsedTwice() async throws {
        let program = """
            import sys, yaml
            class Loader(yaml.SafeLoader): pass
            def mapping(loader, node):
                keys = [loader.construct_object(key) for key, _ in node.value]
                twice = {key for key in keys if keys.count(key) > 1}
                if twice: sys.exit(f"twice{node.start_mark}: {twice}")
                return loader.construct_mapping(node, deep=True)
            Loader.add_constructor("tag:yaml.org,2002:map", mapping)
            yaml.load(open(sys.argv[1]), Loader)
            """
        let file = checkout.appendingPathComponent("Sources/API/Description/openapi.yaml")
        let run = try Run(try tool("python"), ["-c", program, file.path], [:])
        #expect(try await run.exitCode(within: 120) == 0, "\(run.output)")
    }

    /// Every route is in the description, and every path of the description is a route.
    @Test func everyRouteIsDescribed() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let text = try await api.send("GET", "/openapi.yaml").body
                let paths = Set(RouteTable(includesLab: true).routes.map(\.path))
                for path in paths.map({ $0.replacing(/:([a-z]+)/) { "{\($0.1)}" } }) {
                    #expect(text.contains("\n  \(path):\n"), "\(path) is not described")
                }
                let described = text.split(separator: "\n").count { $0.hasPrefix("  /") }
                #expect(described == paths.count)
            }
        }
    }

    private static let config = checkout.appendingPathComponent("Tests/Tools/schemathesis.toml").path

    /// Sends generated requests to the running API, valid and invalid, alone and in sequences.
    private func drive(_ api: HTTPClient, _ arguments: [String], seed: Int) async throws {
        let run = try Run(
            try tool("schemathesis"),
            [
                "--config-file", Self.config, "run", "http://127.0.0.1:\(api.port)/openapi.yaml", "--checks", "all",
                "--seed", String(seed), "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
                "--request-timeout", "60",
            ] + arguments, [:])
        #expect(try await run.exitCode(within: 1200) == 0, "\(run.output)")
    }

    @Test func generatedRequestsHaveDescribedResponses() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await test.withWorkers {
                    try await drive(api, ["-H", "Authorization: Bearer secret", "-n", "12"], seed: 7)
                }
            }
        }
    }

    /// Without the routes that can close the event: most purchases are accepted, and their orders are confirmed and
    /// cancelled.
    @Test func generatedReservationsHaveDescribedResponses() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let terms = EventChange(capacity: 1_000_000, maxQuantity: 1000, holdSeconds: 600)
                _ = try await test.catalogue.put(.demo, terms)
                try await test.withWorkers {
                    try await drive(
                        api, ["--include-path-regex", "^/(buy|orders)", "--phases", "stateful", "-n", "40"], seed: 11)
                }
                let states = try await test.sql("SELECT count(DISTINCT status) FROM orders")
                #expect(states == "3", "orders are held, confirmed and cancelled")
                #expect(try await test.isAtRest())
            }
        }
    }
}
