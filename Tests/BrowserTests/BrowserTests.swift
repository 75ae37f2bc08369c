import Foundation
import TestSupport
import Testing
import WorkerTestSupport

/// The pages in a browser, with a real API, worker and stores. The cases are in `Scripts`, a file for each test; each can
/// also be run by hand (see `Scripts/support.py`).
@Suite(.timeLimit(.minutes(30))) struct BrowserTests {
    /// Runs the cases of a script against an API of their own.
    ///
    /// - Parameters:
    ///   - redis: a server for this test only; the script knows its process.
    ///   - environment: settings of the API and of the worker.
    ///   - variables: of the script.
    ///   - prepare: what has to be in the stores before the script begins.
    private func run(
        _ script: String, redis: RedisServer? = nil, environment: [String: String] = [:],
        variables: [String: String] = [:], prepare: @Sendable (TestStores) async throws -> Void = { _ in }
    ) async throws {
        try await withTestStores(redis: redis) { test in
            let port = try freePort()
            let api = try Run(
                "API", [],
                test.environment.merging([
                    "HOST": "127.0.0.1", "PORT": String(port), "ADMIN_TOKEN": "secret-of-the-browser-tests",
                    "DEMO": "true",
                ]) { $1 }.merging(environment) { $1 })
            try await HTTPClient(port: port).waitUntilReady { api.output }
            try await prepare(test)
            var variables = variables
            variables.merge(["BASE": "http://127.0.0.1:\(port)", "ADMIN_TOKEN": "secret-of-the-browser-tests"]) { $1 }
            for name in ["BROWSER", "TRACES"] { variables[name] = ProcessInfo.processInfo.environment[name] }
            if let redis { variables["REDIS_PID"] = String(await redis.processID) }
            // The browser writes there.
            variables["HOME"] = try ServerProcess.makeDirectory().path
            let scripts = checkout.appendingPathComponent("Tests/BrowserTests/Scripts")
            let arguments = [scripts.appendingPathComponent("\(script).py").path]
            let settings = variables
            try await test.withWorkers(environment: environment) {
                let cases = try Run(try tool("python"), arguments, settings)
                #expect(try await cases.exitCode(within: 900) == 0, "\(cases.output)\n\(api.output.suffix(4000))")
            }
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
        }
    }

    @Test func purchases() async throws { try await run("buying") }

    @Test func statesOfASale() async throws { try await run("states") }

    @Test func failuresLeadToOneOrder() async throws { try await run("failures") }

    @Test func accessibilityAndWeight() async throws { try await run("access") }

    @Test func aRateLimitIsWaitedFor() async throws { try await run("limited", environment: ["RATE_LIMIT": "5"]) }

    @Test func storesThatDoNotRespondAreWaitedFor() async throws {
        try await withRedisServer { try await run("stores", redis: $0) }
    }

    /// As `run`, with the token of a viewer.
    private func runWithViewer(_ script: String, environment: [String: String] = [:]) async throws {
        let tokens = try ServerProcess.makeDirectory().appendingPathComponent("tokens")
        try "vera viewer token-of-a-viewer-of-the-tests\n".write(to: tokens, atomically: true, encoding: .utf8)
        try await run(
            script, environment: environment.merging(["ADMIN_TOKENS_FILE": tokens.path]) { $1 },
            variables: ["VIEWER_TOKEN": "token-of-a-viewer-of-the-tests"])
    }

    @Test func theConsole() async throws { try await runWithViewer("console") }

    /// The script has receivers of its own.
    @Test func webhooksInTheConsole() async throws {
        try await runWithViewer("webhooks", environment: ["WEBHOOK_ALLOW_PRIVATE": "true"])
    }

    @Test func waitingRoomsAndLists() async throws { try await run("waiting") }

    @Test func deadLettersInTheConsole() async throws {
        try await run("letters") { try await $0.redis("LPUSH", $0.keys.queue, "not an entry") }
    }
}
