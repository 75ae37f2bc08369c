import Domain
import NIOHTTP1

/// A request that the connection answers itself, on its event loop: the requests of a rush. The router accepts them in every
/// form of HTTP; the connection answers the plain forms, which nearly all clients send.
enum DirectRequest: Hashable, Sendable {
    /// `POST /buy`
    case buy(ClientHeaders)
    /// `GET /orders/{id}`
    case order(OrderID, WaitPreference)
    /// `GET /events/{id}`, with the values of `If-None-Match`.
    case event(EventID, ifNoneMatch: [String])
    /// `POST /events/{id}/room`
    case join(EventID, ClientHeaders)
    /// `GET /room/{place}` without a wait.
    case place(String)
    /// `GET /live`, `GET /events/{id}/live` and `GET /orders/{id}/live`
    case live(LiveRequest)

    /// Nil if the request is another one, or has a form for which the router is responsible: a header that changes how the
    /// message is read (`Transfer-Encoding`, `Upgrade`), a body that is too large, an id or a wait time that is not valid,
    /// another query.
    init?(_ head: HTTPRequestHead) {
        if let live = LiveRequest(head) {
            self = .live(live)
            return
        }
        guard head.version == .http1_1 else { return nil }
        switch head.method {
        case .POST where head.uri == "/buy":
            guard let headers = ClientHeaders(head.headers) else { return nil }
            self = .buy(headers)
        case .GET where head.uri.hasPrefix("/orders/"):
            guard let order = Self.order(head) else { return nil }
            self = order
        case .POST where head.uri.hasPrefix("/events/") && head.uri.hasSuffix("/room"):
            let id = head.uri.dropFirst("/events/".utf8.count).dropLast("/room".utf8.count)
            guard let event = EventID(id), let headers = ClientHeaders(head.headers) else { return nil }
            self = .join(event, headers)
        case .GET where head.uri.hasPrefix("/room/"):
            guard let place = Self.place(head) else { return nil }
            self = place
        case .GET where head.uri.hasPrefix("/events/"):
            guard let event = Self.event(head) else { return nil }
            self = event
        default:
            return nil
        }
    }

    private static func event(_ head: HTTPRequestHead) -> DirectRequest? {
        guard let id = EventID(head.uri.dropFirst("/events/".utf8.count)) else { return nil }
        var tags: [String] = []
        var (mayBeFresh, mayBeAdmin) = (false, false)
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 13 where name.isSameField(as: "if-none-match"): tags.append(value)
            case 13 where name.isSameField(as: "cache-control"): mayBeFresh = true
            case 13 where name.isSameField(as: "authorization"): mayBeAdmin = true
            case 14 where name.isSameField(as: "content-length"): return nil
            case _ where name.changesReading: return nil
            default: break
            }
        }
        // An administrator who wants the present state: the router reads it.
        return mayBeFresh && mayBeAdmin ? nil : .event(id, ifNoneMatch: tags)
    }

    private static func place(_ head: HTTPRequestHead) -> DirectRequest? {
        let text = head.uri.dropFirst("/room/".utf8.count)
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "%") })
        else { return nil }
        for (name, _) in head.headers {
            switch name.utf8.count {
            case 6 where name.isSameField(as: "prefer"): return nil
            case 14 where name.isSameField(as: "content-length"): return nil
            case _ where name.changesReading: return nil
            default: break
            }
        }
        return .place(String(text))
    }

    private static func order(_ head: HTTPRequestHead) -> DirectRequest? {
        let rest = head.uri.dropFirst("/orders/".utf8.count)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let id = OrderID(parts[0]) else { return nil }
        var parameter: Substring?
        if parts.count == 2 {
            guard parts[1].hasPrefix("wait=") else { return nil }
            parameter = parts[1].dropFirst("wait=".utf8.count)
        }
        var preferences: [String] = []
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 6 where name.isSameField(as: "prefer"): preferences.append(value)
            case _ where name.changesReading: return nil
            // A body has no meaning here. The router reads it.
            case 14 where name.isSameField(as: "content-length"): return nil
            default: break
            }
        }
        guard let wait = try? WaitPreference(parameter, preferences: preferences) else { return nil }
        return .order(id, wait)
    }
}

extension String {
    /// Whether a field with this name changes how the message is read or answered.
    var changesReading: Bool {
        switch utf8.count {
        case 7: isSameField(as: "upgrade")
        case 17: isSameField(as: "transfer-encoding")
        default: false
        }
    }
}
