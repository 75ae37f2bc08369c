import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API

/// A client that openapi-python-client generates from the description.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct GeneratedClientTests {
    /// Generates the package `tickets` in a new folder, without a warning.
    private func generate(from description: String) async throws -> URL {
        let folder = try ServerProcess.makeDirectory()
        let file = folder.appendingPathComponent("openapi.yaml")
        try description.write(to: file, atomically: true, encoding: .utf8)
        let tools = try tool("openapi-python-client").deletingLastPathComponent().path
        let run = try Run(
            try tool("openapi-python-client"),
            [
                "generate", "--path", file.path, "--output-path", folder.appendingPathComponent("tickets").path,
                "--meta", "none", "--fail-on-warning", "--config",
                checkout.appendingPathComponent("Tests/Tools/openapi-python-client.yaml").path,
            ],
            // It formats the code with a tool that it looks for.
            ["PATH": "\(tools):/usr/bin:/bin", "HOME": folder.path])
        #expect(try await run.exitCode(within: 240) == 0, "\(run.output)")
        return folder
    }

    /// Generated clients send defaults. So nothing has one that means something else if it is left out: a wait, which
    /// `Prefer` can say too, and the fields of a change.
    @Test func nothingThatDecidesHasADefault() throws {
        let file = checkout.appendingPathComponent("Sources/API/Description/openapi.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        var schema: Substring = ""
        var checked = 0
        for line in text.split(separator: "\n") {
            if let name = line.firstMatch(of: /^    (\w+):$/)?.1 { schema = name }
            guard schema.hasSuffix("Change") || line.contains("name: wait,") else { continue }
            checked += 1
            #expect(!line.contains("default:"), "\(line)")
        }
        #expect(checked > 10)
    }

    @Test func aGeneratedClientBuysWaitsConfirmsAndCancels() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let folder = try await generate(from: try await api.send("GET", "/openapi.yaml").body)
                try await test.withWorkers {
                    let run = try Run(
                        try tool("python"),
                        [
                            checkout.appendingPathComponent("Tests/Tools/generated_client.py").path, folder.path,
                            "http://127.0.0.1:\(api.port)", "secret",
                        ], [:])
                    #expect(try await run.exitCode(within: 240) == 0, "\(run.output)")
                }
            }
        }
    }
}
