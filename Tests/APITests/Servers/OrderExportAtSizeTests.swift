import Foundation
import TestSupport
import Testing

@testable import API
@testable import Domain

/// Large exports need the memory of small ones, whether or not their clients read.
@Suite(.timeLimit(.minutes(20))) struct OrderExportAtSizeTests {
    private static let rows = 200_000

    /// Bytes of memory that a process uses.
    private func memory(_ process: Run) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
    }

    @Test func theMemoryOfAnExportIsThatOfAPage() async throws {
        try await withTestStores { test in
            let port = try freePort()
            let api = try Run(
                "API", ["--port", String(port)],
                test.environment.merging(["DEMO": "true", "ADMIN_TOKEN": "secret"]) { $1 })
            defer { api.signal(SIGKILL) }
            try await HTTPClient(port: port).waitUntilReady { api.output }
            try await OrderExportTests.insert(Self.rows, test)
            let headers = ["Authorization": "Bearer secret", "Connection": "close"]
            let path = "/admin/events/demo/orders.csv"
            func export(_ query: String = "") async throws -> (bytes: Int, memory: Int) {
                try await SlowDownload.open(path + query, on: port, headers: headers) { download in
                    var highest = 0
                    var last = -1
                    while last < download.count {
                        last = download.count
                        await download.read(upTo: download.count + 1_000_000)
                        highest = max(highest, try memory(api))
                    }
                    #expect(download.isComplete)
                    return (download.count, highest)
                }
            }
            // A small one opens connections and fills the allocator's pools.
            let late = try #require(
                try await test.sql("SELECT id FROM orders ORDER BY id DESC OFFSET 20000 LIMIT 1"))
            let small = try await export("?after=\(late)")
            let all = try await export()
            #expect(all.bytes > Self.rows * 130, "all rows are in it")
            #expect(all.memory - small.memory < 10 << 20, "\(small.memory) and \(all.memory) bytes")
            // A client that does not read costs no more than a page.
            let before = try memory(api)
            try await SlowDownload.open(path, on: port, headers: headers) { stuck in
                await stuck.read(upTo: 100_000)
                let other = try await export("?after=\(late)")
                #expect(other.memory - before < 15 << 20, "\(before) and \(other.memory) bytes")
                await stuck.read(upTo: 3_000_000)
                #expect(stuck.count >= 3_000_000, "it goes on where it was")
            }
        }
    }
}
