import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain

/// The export of an event's orders.
@Suite(.timeLimit(.minutes(10))) struct OrderExportTests {
    private static let admin = ["Authorization": "Bearer secret"]
    private static let path = "/admin/events/demo/orders.csv"

    /// The body of a response of chunks.
    static func body(_ text: String) throws -> String {
        var (rest, body) = (Substring(text), "")
        while let end = rest.firstRange(of: "\r\n"), let size = Int(rest[..<end.lowerBound], radix: 16) {
            let bytes = rest[end.upperBound...].utf8
            let chunkEnd = bytes.index(bytes.startIndex, offsetBy: size)
            if size == 0 { return body }
            body += String(decoding: bytes[..<chunkEnd], as: UTF8.self)
            rest = Substring(bytes[bytes.index(chunkEnd, offsetBy: 2)...])
        }
        throw GaveUp(description: "the body has no end: \(text.suffix(100))")
    }

    /// Reads a file with Python's csv module: a list of rows, each a list of cells.
    private func parse(_ text: String) async throws -> [[String]] {
        let directory = try ServerProcess.makeDirectory()
        let file = directory.appendingPathComponent("orders.csv")
        try Data(text.utf8).write(to: file)
        let script = """
            import csv, json, sys
            with open(sys.argv[1], encoding="utf-8", newline="") as file:
                print(json.dumps(list(csv.reader(file, strict=True))))
            """
        let run = try Run(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, file.path], [:])
        guard try await run.exitCode() == 0 else { throw GaveUp(description: run.output) }
        let json = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
        return try #require(json as? [[String]])
    }

    /// Inserts orders into the ledger as if they had been sold, one a millisecond.
    static func insert(_ count: Int, of event: EventID = .demo, _ test: TestStores) async throws {
        // Each statement must end within its timeout.
        for first in stride(from: 1, through: count, by: 50_000) {
            try await test.sql(
                """
                INSERT INTO orders (id, event_id, customer, quantity, status, claimed_at, confirmed_at)
                SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint + number), 12, '0')
                    || '70008000' || lpad(to_hex(number), 12, '0'))::uuid,
                    '\(event)', 'customer-' || number, 1, 'confirmed', now(), now()
                FROM generate_series(\(first), \(min(first + 49_999, count))) AS number
                """)
        }
    }

    @Test func theFileHasEveryOrderAndAnyText() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let customers = ["anna", "=1+1", "+4912", "-x", "@x", "a,b", "say \"hi\"", "é ü 🎫", "'=x", " y", "a;b"]
                var ids: [String] = []
                for customer in customers {
                    let body = try JSONSerialization.data(withJSONObject: ["customer": customer, "quantity": 2])
                    let response = try await api.send("POST", "/buy", String(decoding: body, as: UTF8.self))
                    ids.append(try #require(response.text("ticket_id")))
                }
                ids.append(try #require(try await api.send("POST", "/buy").text("ticket_id")))
                try await test.withWorkers { try await test.waitUntilDrained() }
                let response = try await api.send("GET", Self.path, headers: Self.admin)
                #expect(response.status == 200)
                #expect(response.headers["content-type"]?.hasPrefix("text/csv; charset=utf-8") == true)
                #expect(response.headers["content-disposition"] == "attachment; filename=\"orders-demo.csv\"")
                let rows = try await parse(try Self.body(response.body))
                #expect(
                    rows[0] == [
                        "ticket_id", "event", "customer", "quantity", "status", "reason", "version", "claimed_at",
                        "confirmed_at", "expires_at", "recorded_at",
                    ])
                #expect(rows.dropFirst().map { $0[0] } == ids.sorted())
                let escaped = customers.map { ["=", "+", "-", "@"].contains($0.prefix(1)) ? "'" + $0 : $0 } + [""]
                for row in rows.dropFirst() {
                    #expect(row.count == 11)
                    let position = try #require(ids.firstIndex(of: row[0]))
                    #expect(row[2] == escaped[position])
                    #expect(row[3] == (position < customers.count ? "2" : "1"))
                    #expect(row[4] == "confirmed")
                }
                let listed = try await api.send("GET", "/admin/orders/\(ids[0])", headers: Self.admin)
                let order = try #require(listed.json["order"] as? [String: Any])
                #expect(rows[1][7] == order["claimed_at"] as? String)
                #expect(rows[1][10] == order["recorded_at"] as? String)

                let rest = try await api.send("GET", "\(Self.path)?after=\(rows[3][0])", headers: Self.admin)
                #expect(try await parse(try Self.body(rest.body)) == [rows[0]] + rows[4...])
                let none = try await api.send("GET", "\(Self.path)?after=\(rows[12][0])", headers: Self.admin)
                #expect(try await parse(try Self.body(none.body)) == [rows[0]])
                for (query, code) in [("?after=x", "invalid-request"), ("?limit=1", "invalid-request")] {
                    let response = try await api.send("GET", Self.path + query, headers: Self.admin)
                    #expect(response.text("code") == code)
                }
                let unknown = try await api.send("GET", "/admin/events/none/orders.csv", headers: Self.admin)
                #expect(unknown.text("code") == "event-not-found")
                #expect(try await api.send("HEAD", Self.path, headers: Self.admin).status == 200)
            }
        }
    }

    /// Several pages, also if most rows belong to another event.
    @Test func pagesOfOneEventAreJoined() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                _ = try await api.send("PUT", "/events/other", #"{"capacity":5}"#, headers: Self.admin)
                try await Self.insert(4500, test)
                try await Self.insert(3, of: try #require(EventID("other")), test)
                let text = try Self.body(try await api.send("GET", Self.path, headers: Self.admin).body)
                let lines = text.components(separatedBy: "\r\n")
                #expect(lines.count == 4502, "with the header and the last line end")
                #expect(Set(lines).count == lines.count)
                #expect(lines[1...4500].elementsEqual(lines[1...4500].sorted()))
                let other = try await api.send("GET", "/admin/events/other/orders.csv", headers: Self.admin)
                #expect(try Self.body(other.body).components(separatedBy: "\r\n").count == 5)
            }
        }
    }

    @Test func aFailureOfTheLedgerEndsTheConnectionBeforeTheBody() async throws {
        try await withPostgresServer { postgres in
            try await withTestStores(postgres: postgres) { test in
                try await test.withAPI { api in
                    try await Self.insert(60_000, test)
                    try await SlowDownload.open(Self.path, on: api.port, headers: Self.admin) { download in
                        await download.read(upTo: 100_000)
                        try await postgres.kill()
                        await download.read()
                        #expect(download.count < 9_000_000)
                        #expect(!download.isComplete, "the client can see that the file is cut off")
                    }
                    try await postgres.restart()
                    try await api.waitUntilReady { test.log.text }
                    try await SlowDownload.open(Self.path, on: api.port, headers: Self.admin) { download in
                        await download.read(upTo: 9_000_000)
                        for _ in 0..<100_000 where !download.isComplete {
                            await download.read(upTo: download.count + 1)
                        }
                        #expect(download.isComplete)
                    }
                }
            }
        }
    }

    @Test func fourExportsAreSentAtATimeAndTheShutdownEndsThem() async throws {
        try await withTestStores { test in
            let (sockets, end) = try await test.withAPI { api in
                try await Self.insert(60_000, test)
                let request = "GET \(Self.path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n"
                let two = try await PlainSockets(2, to: api.port, receiveBuffer: 4096)
                var others: PlainSockets? = try await PlainSockets(2, to: api.port, receiveBuffer: 4096)
                for sockets in [two, try #require(others)] {
                    try await sockets.send(request)
                    #expect(try await sockets.statusLines(within: 60) == ["HTTP/1.1 200 OK": 2])
                }
                let refused = try await api.send("GET", Self.path, headers: Self.admin)
                #expect(refused.status == 503)
                #expect(refused.text("code") == "too-many-exports")
                #expect(refused.headers["retry-after"] != nil)
                others = nil
                try await eventually("places are free again", within: 30) {
                    try await api.send("HEAD", Self.path, headers: Self.admin).status == 200
                }
                return (two, ContinuousClock.now)
            }
            #expect(ContinuousClock.now - end < .seconds(15), "clients that do not read do not delay the shutdown")
            try await eventually("the connections are closed", within: 30) {
                while try await sockets.receive(upTo: 100_000) > 0 {}
                return try await sockets.ended == 2
            }
        }
    }
}
