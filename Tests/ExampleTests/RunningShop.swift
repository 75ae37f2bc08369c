import Foundation
import TestSupport
import Testing

/// An API, a worker, the shop of examples/shop and its payment provider.
final class RunningShop: Sendable {
    private static let folder = checkout.appendingPathComponent("examples/shop")

    let api: HTTPClient
    let shop: HTTPClient
    /// The folder of the shop's files.
    let state: URL
    private let settings: [String: String]
    private let programs: [Run]
    private let provider: Run

    /// Runs Python in the folder of the example.
    static func python(_ arguments: [String], _ settings: [String: String] = [:]) throws -> Run {
        let settings = settings.merging(["PYTHONPATH": folder.path, "PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        return try Run(try tool("python"), arguments, settings)
    }

    /// Starts all but the shop, and creates the event `gala`.
    init(_ test: TestStores, event terms: String, settings: [String: String] = [:]) async throws {
        let (port, shopPort, providerPort) = (try freePort(), try freePort(), try freePort())
        let environment = test.environment.merging([
            "PORT": String(port), "ADMIN_TOKEN": "secret", "WEBHOOK_ALLOW_PRIVATE": "true",
        ]) { $1 }
        let programs = [try Run("API", [], environment), try Run("Worker", [], environment)]
        api = HTTPClient(port: port)
        try await api.waitUntilReady { programs[0].output }
        let admin = ["Authorization": "Bearer secret"]
        let created = try await api.send("PUT", "/events/gala", terms, headers: admin)
        try #require(created.status == 201, "\(created.body)")
        let folder = try ServerProcess.makeDirectory()
        state = folder.appendingPathComponent("shop")
        self.settings = [
            "TICKETS_URL": "http://127.0.0.1:\(port)", "ADMIN_TOKEN": "secret", "SHOP_PORT": String(shopPort),
            "PROVIDER_URL": "http://127.0.0.1:\(providerPort)", "PROVIDER_PORT": String(providerPort),
            "SHOP_STATE": state.path, "PROVIDER_STATE": folder.appendingPathComponent("provider").path,
        ].merging(settings) { $1 }
        self.programs = programs
        shop = HTTPClient(port: shopPort)
        provider = try Self.python(["-m", "provider"], self.settings)
        try await Self.waitUntilUp(HTTPClient(port: providerPort), provider)
    }

    private static func waitUntilUp(_ server: HTTPClient, _ run: Run) async throws {
        do {
            try await eventually("port \(server.port) responds") {
                (try? await server.send("GET", "/healthz", within: .seconds(10)))?.status == 200
            }
        } catch {
            throw GaveUp(description: "\(error)\n\(run.output)")
        }
    }

    /// Starts the shop, also once more after it was killed.
    func open() async throws -> Run {
        let run = try Self.python(["-m", "shop"], settings)
        try await Self.waitUntilUp(shop, run)
        return run
    }

    /// Runs the shoppers of tests/sellout.py.
    func shoppers(_ count: Int) throws -> Run {
        let script = Self.folder.appendingPathComponent("tests/sellout.py").path
        return try Self.python([script, "http://127.0.0.1:\(shop.port)", "gala", String(count)], settings)
    }

    /// What the comparison of the three ledgers prints once nothing is under way.
    func reconciled() async throws -> String {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let run = try Self.python(["-m", "shop.reconcile", "gala"], settings)
            let code = try await run.exitCode()
            guard code == 2, ContinuousClock.now < deadline else {
                #expect(code == 0, "\(run.output)")
                return run.output
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Sends what a shopper's browser sends, and returns the purchase.
    func purchase(_ method: String, _ path: String, form: String? = nil) async throws -> [String: Any] {
        let response = try await shop.send(
            method, "/purchases" + path, form ?? (method == "POST" ? "" : nil),
            headers: ["Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"])
        try #require(response.status == 200, "\(response.status) \(response.body)")
        return try #require(response.json["purchase"] as? [String: Any])
    }

    func stop() async throws {
        for program in programs { program.signal(SIGTERM) }
        for program in programs { #expect(try await program.exitCode() == 0) }
    }
}
