import Foundation
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Engine

/// Many viewers, and viewers that do not read.
@Suite(.timeLimit(.minutes(15))) struct ManyViewersTests {
    private let admin = ["Authorization": "Bearer secret"]

    private func request(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n" }

    private func hgetallCalls(_ test: TestStores) async throws -> Int {
        let stats = try await test.redis("INFO", "commandstats").string ?? ""
        let line = stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_hgetall:calls=") }
        return line.flatMap { Int($0.split(separator: ",")[0].split(separator: "=")[1]) } ?? 0
    }

    /// The value of a metric of a separate process.
    private func metric(_ name: String, _ api: HTTPClient) async throws -> Int {
        let text = try await api.send("GET", "/metrics").body
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }

    /// Runs the API as a separate process, whose metrics and memory are its own.
    private func withProcess(
        _ test: TestStores, _ arguments: [String] = [], _ body: (HTTPClient, Run) async throws -> Void
    ) async throws {
        let port = try freePort()
        let api = try Run(
            "API", ["--port", String(port)] + arguments,
            test.environment.merging(["DEMO": "true", "ADMIN_TOKEN": "secret"]) { $1 })
        let client = HTTPClient(port: port)
        try await client.waitUntilReady { api.output }
        try await body(client, api)
        api.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        #expect(!api.output.contains("error"))
    }

    @Test func fiveHundredViewersGetWhatOneReadsAndAreNoticedWhenTheyGo() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await withProcess(test) { api, _ in
                    var viewers: PlainSockets? = try await PlainSockets(500, to: api.port)
                    try await viewers?.send(request("/events/demo/live"))
                    let lines = try await viewers?.statusLines(within: 60)
                    #expect(lines == ["HTTP/1.1 200 OK": 500])
                    #expect(try await metric("ticketblitz_viewers", api) == 500)
                    // Whatever came with the status line has been read: what follows are updates.
                    let before = try await hgetallCalls(test)
                    let start = ContinuousClock.now
                    for _ in 0..<4 {
                        #expect(try await api.send("POST", "/buy").status == 202)
                        try await Task.sleep(for: .milliseconds(600))
                    }
                    let seconds = (ContinuousClock.now - start) / .seconds(1)
                    let reads = try await hgetallCalls(test) - before
                    #expect(Double(reads) <= 4 * seconds + 3, "\(reads) reads for 500 viewers in \(seconds) s")
                    try await eventually("all have the updates", within: 30) {
                        try await metric("ticketblitz_live_messages_total", api) >= 1500
                    }
                    #expect(try await viewers?.receive(upTo: 65536) ?? 0 > 500 * 3 * 150)
                    viewers = nil
                    try await eventually("they are gone") { try await metric("ticketblitz_viewers", api) == 0 }
                    let rest = try await hgetallCalls(test)
                    try await Task.sleep(for: .seconds(1))
                    #expect(try await hgetallCalls(test) <= rest + 1, "nothing is read for nobody")
                }
            }
        }
    }

    /// 200 viewers of 100 events that change all the time, none of which reads.
    @Test func viewersThatDoNotReadAreCutOff() async throws {
        try await withTestStores { test in
            try await test.sql(
                """
                INSERT INTO events (id, name, capacity, max_quantity, unpublished)
                SELECT 'e' || lpad(n::text, 3, '0'), repeat('x', 200), 1000000, 10, true FROM generate_series(1, 99) n
                """)
            try await withProcess(test, ["--idle-timeout", "5"]) { api, process in
                let viewers = try await PlainSockets(200, to: api.port, receiveBuffer: 2048)
                try await viewers.send(request("/live"))
                try await eventually("they watch") { try await metric("ticketblitz_viewers", api) == 200 }
                let memory = try await metric("process_resident_memory_bytes", api)
                let buyers = Task {
                    while !Task.isCancelled {
                        for number in 1...99 {
                            let event = "e" + String(repeating: "0", count: number < 10 ? 2 : 1) + String(number)
                            _ = try await api.send("POST", "/buy", "{\"event\":\"\(event)\"}")
                        }
                    }
                }
                try await eventually("all are cut off", within: 120) { try await viewers.ended == 200 }
                buyers.cancel()
                #expect(try await metric("ticketblitz_viewers", api) == 0)
                let grown = try await metric("process_resident_memory_bytes", api) - memory
                #expect(grown < 60_000_000, "\(grown) bytes")
                #expect(try await api.send("POST", "/buy").status == 202)
            }
        }
    }

    /// Looks make way for purchases.
    @Test func viewersMakeWayForOtherClients() async throws {
        try await withTestStores { test in
            try await test.withAPI(connectionLimit: 64) { api in
                let viewers = try await PlainSockets(60, to: api.port, from: "127.0.0.5")
                try await viewers.send(request("/events/demo/live"))
                _ = try await viewers.statusLines(within: 60)
                for _ in 0..<20 {
                    try await eventually("a purchase is accepted") {
                        try await api.send("POST", "/buy").status == 202
                    }
                }
                #expect(try await viewers.ended < 60)
            }
        }
    }

    @Test func nginxPassesStreamsOn() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try await withNginxServer(upstream: api.port) { nginx in
                    let client = HTTPClient(port: nginx.port)
                    let order = try #require(try await client.send("POST", "/buy").text("ticket_id"))
                    for path in ["/live", "/events/demo/live", "/events/demo/live/", "/orders/\(order)/live"] {
                        try await client.watch(path) { stream in
                            #expect(try await stream.head().contains("200"), "\(path)")
                            _ = try await stream.next { _ in true }
                        }
                    }
                    // Each message comes at once, however small.
                    try await client.watch("/events/demo/live") { stream in
                        for left in [99, 98, 97, 96] {
                            let start = ContinuousClock.now
                            _ = try await stream.next { $0.integer("available") == left }
                            #expect(ContinuousClock.now - start < .seconds(20))
                            _ = try await client.send("POST", "/buy")
                        }
                        try await stream.comment()
                    }
                    for path in ["/live/x", "/events/live/live/x", "/admin/live"] {
                        #expect(try await client.send("GET", path).status == 404, "\(path)")
                    }
                }
            }
        }
    }
}
