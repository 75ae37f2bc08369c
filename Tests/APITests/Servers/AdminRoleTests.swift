import Foundation
import TestSupport
import Testing

@testable import API

/// Which token opens which route.
@Suite(.timeLimit(.minutes(10))) struct AdminRoleTests {
    /// Routes that need no token. Every other route must check one: a new route that is neither here nor checks one fails
    /// ``eachRouteChecksTheRole(_:)``.
    private static let open: Set<String> = Set([
        "POST /buy", "GET /orders/:id", "GET /orders/:id/live", "POST /orders/:id/confirm", "POST /orders/:id/cancel",
        "GET /events", "GET /events/:id", "GET /events/:id/live", "GET /live", "GET /healthz", "GET /readyz",
        "GET /metrics", "GET /openapi.yaml", "POST /events/:id/waitlist", "GET /waitlist/:id",
        "DELETE /waitlist/:id",
        "GET /metrics", "GET /openapi.yaml", "GET /events/:id/room", "POST /events/:id/room", "GET /room/:place",
        "GET /room/:place/live",
    ]).union(PageFile.all.map { "GET \($0.path)" }).union(["GET /console/:file"])

    private static var guarded: [Route] {
        Route.all.filter { !$0.isLab && !open.contains("\($0.method.rawValue) \($0.path)") }
    }

    private static let viewer = "viewers-hush-hush-token"
    private static let named = "operators-hush-hush-token"

    private func withTokens(
        token: String? = "secret", _ body: @escaping @Sendable (HTTPClient) async throws -> Void
    ) async throws {
        let named = try AdminTokens("bert viewer \(Self.viewer)\nanna operator \(Self.named)")
        try await withTestStores { test in
            try await test.withAPI(demo: false, token: token, change: { $0.adminTokens = named }, body)
        }
    }

    private func send(_ route: Route, _ authorization: String?, _ api: HTTPClient) async throws -> HTTPClient.Response {
        let path = route.path.replacing(":id", with: "01900000-0000-7000-8000-000000000000")
        let body = route.method == .put ? #"{"capacity":5}"# : nil
        return try await api.send(
            route.method.rawValue, path, body, headers: authorization.map { ["Authorization": $0] } ?? [:])
    }

    @Test func theListOfOpenRoutesHasNoOthers() {
        let all = Set(Route.all.map { "\($0.method.rawValue) \($0.path)" })
        #expect(Self.open.subtracting(all) == [])
        #expect(Self.guarded.count >= 9)
    }

    @Test func eachRouteChecksTheRole() async throws {
        try await withTokens { api in
            for route in Self.guarded {
                let name = "\(route.method.rawValue) \(route.path)"
                for wrong in [nil, "Bearer wrong", "Bearer ", "Basic \(Self.viewer)", Self.named] {
                    let refused = try await send(route, wrong, api)
                    #expect(refused.status == 401, "\(name) with \(wrong ?? "no token")")
                    #expect(refused.text("code") == "unauthorized", "\(name)")
                }
                // A stream does not end; OverviewServerTests reads it.
                if route.path.hasSuffix("/live") { continue }
                let viewed = try await send(route, "Bearer \(Self.viewer)", api)
                if route.method == .get {
                    #expect(![401, 403].contains(viewed.status), "\(name) is \(viewed.status) for a viewer")
                } else {
                    #expect(viewed.status == 403, "\(name) is \(viewed.status) for a viewer")
                    #expect(viewed.text("code") == "forbidden", "\(name)")
                }
                for token in [Self.named, "secret"] {
                    let status = try await send(route, "Bearer \(token)", api).status
                    #expect(![401, 403, 500].contains(status), "\(name) is \(status) for an operator")
                }
            }
        }
    }

    @Test func aTokenSaysWhoItIs() async throws {
        try await withTokens { api in
            for (token, name, role) in [
                ("secret", "admin", "operator"), (Self.named, "anna", "operator"), (Self.viewer, "bert", "viewer"),
            ] {
                let me = try await api.send("GET", "/admin/me", headers: ["Authorization": "bearer \(token)"])
                #expect(me.status == 200)
                #expect(me.text("name") == name)
                #expect(me.text("role") == role)
                #expect(me.headers["cache-control"] == "no-store")
            }
        }
    }

    /// `Cache-Control: no-cache` reads the stores for an administrator of any role.
    @Test func aViewerReadsAnEventAsItIs() async throws {
        try await withTokens { api in
            let anna = ["Authorization": "Bearer \(Self.named)"]
            _ = try await api.send("PUT", "/events/a", #"{"capacity":100}"#, headers: anna)
            for left in (80..<100).reversed() {
                #expect(try await api.send("POST", "/buy", #"{"event":"a"}"#).status == 202)
                #expect(try await api.sendFresh("/events/a", token: Self.viewer).integer("available") == left)
            }
        }
    }

    @Test func theFileAloneEnablesTheAdminRoutes() async throws {
        try await withTokens(token: nil) { api in
            let anna = ["Authorization": "Bearer \(Self.named)"]
            let created = try await api.send("PUT", "/events/a", #"{"capacity":1}"#, headers: anna)
            #expect(created.status == 201)
            #expect(try await api.send("GET", "/admin/me").status == 401)
        }
    }

    @Test func withoutTokensTheAdminRoutesAreDisabled() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false, token: nil) { api in
                for route in Self.guarded {
                    let refused = try await send(route, "Bearer secret", api)
                    #expect(refused.status == 403, "\(route.path)")
                    #expect(refused.text("code") == "admin-disabled", "\(route.path)")
                }
            }
        }
    }
}
