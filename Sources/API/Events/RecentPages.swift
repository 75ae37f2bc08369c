import Ledger
import NIOCore

/// A page of events as clients get it, encoded once for all of them.
struct EventPage: Hashable, Sendable {
    /// The JSON document.
    let body: ByteBuffer
    /// As the header `ETag` has it. Pages with the same tag have the same bytes.
    let tag: String

    init(_ body: ByteBuffer) {
        self.body = body
        tag = EntityTag.text(of: body)
    }
}

/// The pages of events that were encoded a moment ago. No I/O; the memory is bounded, whatever pages clients request.
struct RecentPages {
    struct Key: Hashable, Sendable {
        var after: String
        var limit: Int
        var selection = EventSelection.notArchived
    }

    /// The maximum age of a page, from the moment at which its oldest event began to be read.
    static let lifetime = EventSnapshot.lifetime
    static let pageLimit = 16
    /// In bytes, of all pages together. 1,000 events are 300 KB.
    static let sizeLimit = 4 * 1024 * 1024

    private struct Recent {
        var key: Key
        var page: EventPage
        var since: NIODeadline
    }

    /// The oldest first.
    private var pages: [Recent] = []
    private(set) var size = 0

    var count: Int { pages.count }

    /// A page; nil if it is unknown or too old.
    func page(_ key: Key, at now: NIODeadline) -> EventPage? {
        pages.last { $0.key == key && now - $0.since < Self.lifetime }?.page
    }

    /// Adds a page. Those that are too old, and then the oldest, make room for it.
    ///
    /// - Parameter since: when its oldest event began to be read.
    mutating func add(_ page: EventPage, for key: Key, since: NIODeadline, at now: NIODeadline) {
        pages.removeAll { $0.key == key || now - $0.since >= Self.lifetime }
        pages.append(Recent(key: key, page: page, since: since))
        size = pages.reduce(0) { $0 + $1.page.body.readableBytes }
        while pages.count > Self.pageLimit || size > Self.sizeLimit, !pages.isEmpty {
            size -= pages.removeFirst().page.body.readableBytes
        }
    }

    /// Forgets all pages: an event has changed.
    mutating func removeAll() {
        pages = []
        size = 0
    }
}
