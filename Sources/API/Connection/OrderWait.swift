import Domain
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The order that a request waits for, and the maximum time.
struct OrderWait: Hashable, Sendable {
    let order: OrderID
    let limit: TimeAmount

    /// Nil if the request does not wait. A request with an invalid id or wait time does not wait either: the route reports
    /// the error.
    init?(_ head: HTTPRequest) {
        guard head.method == .get, let path = head.path, path.hasPrefix("/orders/"),
            path.contains("wait=") || head.headerFields.contains(.prefer)
        else { return nil }
        let uri = URI(path)
        guard let order = OrderID(uri.path.dropFirst("/orders/".count)),
            let preference = try? WaitPreference(uri: uri, headers: head.headerFields), preference.seconds > 0
        else { return nil }
        self.order = order
        limit = .seconds(Int64(preference.seconds))
    }
}
