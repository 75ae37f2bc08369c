import AsyncHTTPClient
import Foundation
import NIOCore
import TestSupport
import Testing
import WorkerTestSupport

@testable import TicketBlitzClient

/// An API of its own, a worker, and a proxy between the client and the API.
struct RunningAPI: Sendable {
    let test: TestStores
    let http: TestSupport.HTTPClient
    let proxy: FaultProxy
    fileprivate let program: Run

    /// Creates or changes an event.
    func put(_ event: String, _ terms: String) async throws {
        let response = try await http.send(
            "PUT", "/events/\(event)", terms, headers: ["Authorization": "Bearer secret"])
        try #require((200...201).contains(response.status), "\(response.body)")
    }

    var url: String { "http://127.0.0.1:\(http.port)" }

    /// A client whose requests go through the proxy.
    func client(
        timeout: Duration = .seconds(60), attemptTimeout: Duration = .seconds(20), token: String? = nil,
        _ http: AsyncHTTPClient.HTTPClient
    ) -> SaleClient {
        SaleClient(
            url: "http://127.0.0.1:\(proxy.port)", http: http,
            configuration: .init(customerToken: token, timeout: timeout, attemptTimeout: attemptTimeout))
    }

    func rows(_ condition: String = "true") async throws -> String? {
        try await test.sql("SELECT count(*) FROM orders WHERE \(condition)")
    }
}

/// Starts an API and a worker, runs `body`, and stops both.
///
/// - Parameter settings: of the API.
func withRunningAPI(
    _ settings: [String: String] = [:],
    _ body: @escaping @Sendable (RunningAPI, AsyncHTTPClient.HTTPClient) async throws -> Void
) async throws {
    try await withTestStores { test in
        let port = try freePort()
        let program = try Run(
            "API", [],
            test.environment.merging(["PORT": String(port), "ADMIN_TOKEN": "secret", "DEMO": "true"]) { $1 }
                .merging(settings) { $1 })
        let http = HTTPClient(port: port)
        try await http.waitUntilReady { program.output }
        let proxy = try await FaultProxy.start(to: SocketAddress(ipAddress: "127.0.0.1", port: port))
        let api = RunningAPI(test: test, http: http, proxy: proxy, program: program)
        let client = AsyncHTTPClient.HTTPClient(configuration: SaleClient.httpConfiguration(connections: 32))
        do {
            try await test.withWorkers { try await body(api, client) }
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
        await proxy.stop()
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
    }
}
