import Domain
import NIOHTTP1

/// What a client watches with a stream of server-sent events.
enum LiveSubject: Hashable, Sendable {
    /// `GET /events/{id}/live`
    case event(EventID)
    /// `GET /live`
    case eventsOnSale
    /// `GET /orders/{id}/live`
    case order(OrderID)
}

/// A request for a stream.
struct LiveRequest: Hashable, Sendable {
    /// In bytes; longer ones are not of this service.
    private static let idLimit = 64

    let subject: LiveSubject
    /// The id of the last message that the client has received; nil if it has none.
    let lastID: String?

    /// - Parameter lastID: the value of `Last-Event-ID`.
    init(_ subject: LiveSubject, lastID: String?) {
        self.subject = subject
        self.lastID = lastID.flatMap { (1...Self.idLimit).contains($0.utf8.count) ? $0 : nil }
    }

    /// Nil if the request is another one, or has a form for which the router is responsible. Unlike other direct requests, a
    /// request for a stream can have any query and be of HTTP/1.0.
    init?(_ head: HTTPRequestHead) {
        // Also the requests of a rush come here.
        guard head.method == .GET || head.method == .HEAD else { return nil }
        let path = head.uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard path.suffix(5).elementsEqual("/live".utf8), let subject = LiveSubject(path: Substring(path)) else {
            return nil
        }
        var last: String?
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 13 where name.isSameField(as: "last-event-id"): last = value
            case 14 where name.isSameField(as: "content-length"): guard value == "0" else { return nil }
            case _ where name.changesReading: return nil
            default: break
            }
        }
        self.init(subject, lastID: last)
    }
}

extension LiveSubject {
    /// - Parameter path: ends with `/live`.
    fileprivate init?(path: Substring) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        switch (parts.count, parts.first) {
        case (1, _): self = .eventsOnSale
        case (3, "events"):
            guard let id = EventID(parts[parts.startIndex + 1]) else { return nil }
            self = .event(id)
        case (3, "orders"):
            guard let id = OrderID(parts[parts.startIndex + 1]) else { return nil }
            self = .order(id)
        default: return nil
        }
    }
}
