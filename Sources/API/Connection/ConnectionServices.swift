import NIOHTTP1

/// What all connections of the server share.
struct ConnectionServices: Sendable {
    var orders: OrderObserver
    /// The rate limits of all clients; nil if they have none.
    var rateLimits: ClientLimits?
    /// Accepts connections within their limits; nil if they have none.
    var table: ConnectionTable?
    /// Why a request that waits for `100 Continue` is refused by its head; nil if it is not.
    var preflight: (@Sendable (HTTPRequestHead) -> Problem?)?
    /// Its `rateLimit` is that of `rateLimits`.
    var configuration = ConnectionState.Configuration()
}
