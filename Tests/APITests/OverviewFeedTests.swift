import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Engine

/// The clients that watch the overview, without connections.
@Suite(.timeLimit(.minutes(2))) struct OverviewFeedTests {
    private static let overview = Overview(at: .now, queue: QueueStatus(), recovery: [], figures: [:])

    private func feed(timeLimit: Duration = .seconds(60), _ reads: NIOLockedValueBox<Int> = .init(0)) -> OverviewFeed {
        OverviewFeed(timeLimit: timeLimit, interval: .milliseconds(10)) {
            reads.withLockedValue { $0 += 1 }
            return Self.overview
        }
    }

    @Test func oneReadingServesAllClientsAndNoneIsMadeWithout() async throws {
        let reads = NIOLockedValueBox(0)
        let feed = feed(reads)
        let channel = NIOAsyncTestingChannel()
        var viewers: [OverviewFeed.Viewer] = []
        var streams: [AsyncStream<ByteBuffer>] = []
        for _ in 0..<50 {
            let (viewer, messages) = await feed.begin(try #require(feed.places.take(channel)))
            viewers.append(viewer)
            streams.append(messages)
        }
        #expect(feed.places.take(channel) == nil, "all places are taken")
        for messages in streams {
            var iterator = messages.makeAsyncIterator()
            #expect(await iterator.next().map { String(buffer: $0) }?.hasPrefix("event: overview\ndata: {") == true)
        }
        let seen = reads.withLockedValue { $0 }
        #expect(seen < 50, "not one for each client")
        for viewer in viewers { await feed.leave(viewer) }
        viewers = []
        #expect(feed.places.count == 0)
        let after = reads.withLockedValue { $0 }
        try await Task.sleep(for: .milliseconds(100))
        #expect(reads.withLockedValue { $0 } <= after + 1)
    }

    @Test func aClientThatTakesNothingIsCutOff() async throws {
        let feed = feed(timeLimit: .milliseconds(200))
        let (slow, quick) = (NIOAsyncTestingChannel(), NIOAsyncTestingChannel())
        for channel in [slow, quick] { try await channel.connect(to: .init(ipAddress: "127.0.0.1", port: 1)).get() }
        let (_, unread) = await feed.begin(try #require(feed.places.take(slow)))
        let (viewer, messages) = await feed.begin(try #require(feed.places.take(quick)))
        let reader = Task { for await _ in messages { viewer.taken() } }
        try await eventually("the slow one is closed") { !slow.isActive }
        #expect(quick.isActive)
        var kept = 0
        for await _ in unread { kept += 1 }
        #expect(kept <= 1, "messages are not collected")
        await feed.leave(viewer)
        await reader.value
    }

    @Test func theEndTellsClientsToConnectAgain() async throws {
        let feed = feed()
        let channel = NIOAsyncTestingChannel()
        var place = feed.places.take(channel)
        let (_, messages) = await feed.begin(try #require(place))
        place = nil
        async let closed: Void = feed.close()
        var last = ""
        for await message in messages { last = String(buffer: message) }
        #expect(last.hasPrefix("retry: "))
        await closed
        #expect(feed.places.take(channel) == nil, "none begins any more")
    }
}
