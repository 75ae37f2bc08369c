import Domain
import HummingbirdCore
import NIOCore
import NIOHTTP1

/// The order that a request waits for, and the maximum time.
struct OrderWait: Hashable, Sendable {
    let order: OrderID
    let limit: TimeAmount

    /// Nil if the request does not wait. A request with an invalid id or wait time does not wait either: the route reports
    /// the error.
    init?(_ head: HTTPRequestHead) {
        guard head.method == .GET, head.uri.hasPrefix("/orders/"),
            head.uri.contains("wait=") || head.headers.contains(name: "Prefer")
        else { return nil }
        let uri = URI(head.uri)
        guard let order = OrderID(uri.path.dropFirst("/orders/".count)),
            let preference = try? WaitPreference(
                uri.queryParameters["wait"], preferences: head.headers["Prefer"]), preference.seconds > 0
        else { return nil }
        self.order = order
        limit = .seconds(Int64(preference.seconds))
    }

    init(order: OrderID, limit: TimeAmount) {
        self.order = order
        self.limit = limit
    }
}
