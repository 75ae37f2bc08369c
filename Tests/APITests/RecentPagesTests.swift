import NIOCore
import Testing

@testable import API

@Suite struct RecentPagesTests {
    private let start = NIODeadline.now()

    private func key(_ number: Int) -> RecentPages.Key { .init(after: "e\(number)", limit: 100) }
    private func at(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }
    private func page(_ text: String) -> EventPage { EventPage(ByteBuffer(string: text)) }

    @Test func aPageIsKeptFor100MillisecondsFromWhenItBeganToBeRead() {
        var pages = RecentPages()
        pages.add(page("x"), for: key(1), since: at(0), at: at(60))
        #expect(pages.page(key(1), at: at(99)) == page("x"))
        #expect(pages.page(key(1), at: at(100)) == nil)
        #expect(pages.page(key(2), at: at(0)) == nil)
    }

    @Test func aPageIsOfOneLimit() {
        var pages = RecentPages()
        pages.add(page("x"), for: .init(after: "", limit: 1), since: at(0), at: at(0))
        #expect(pages.page(.init(after: "", limit: 2), at: at(0)) == nil)
    }

    @Test func aNewerPageReplacesTheOlder() {
        var pages = RecentPages()
        for (time, text) in [(0, "old"), (10, "new")] as [(Int64, String)] {
            pages.add(page(text), for: key(1), since: at(time), at: at(time))
        }
        #expect(pages.page(key(1), at: at(20)) == page("new"))
        #expect(pages.count == 1)
    }

    @Test func theNumberOfPagesIsBounded() {
        var pages = RecentPages()
        for number in 0..<1000 { pages.add(page("x"), for: key(number), since: at(0), at: at(0)) }
        #expect(pages.count == RecentPages.pageLimit)
        #expect(pages.page(key(999), at: at(1)) != nil)
        #expect(pages.page(key(0), at: at(1)) == nil)
    }

    @Test func theSizeOfPagesIsBounded() {
        var pages = RecentPages()
        let large = EventPage(ByteBuffer(repeating: 0x20, count: 1_500_000))
        for number in 0..<10 {
            pages.add(large, for: key(number), since: at(0), at: at(0))
            #expect(pages.size <= RecentPages.sizeLimit)
        }
        #expect(pages.count == 2)
        pages.add(
            EventPage(ByteBuffer(repeating: 0x20, count: RecentPages.sizeLimit + 1)), for: key(10), since: at(0),
            at: at(0))
        #expect(pages.count == 0)
        #expect(pages.size == 0)
    }

    @Test func oldPagesMakeRoom() {
        var pages = RecentPages()
        for number in 0..<10 { pages.add(page("x"), for: key(number), since: at(0), at: at(0)) }
        pages.add(page("x"), for: key(10), since: at(200), at: at(200))
        #expect(pages.count == 1)
    }
}
