import Metrics
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Runtime

/// The rate limits of all clients of this process. Copies of the API do not share them: behind a load balancer the limit of
/// a client is multiplied by the number of copies.
final class ClientLimits: Sendable {
    /// The maximum number of clients that are tracked, which need about 10 MB.
    private static let room = 200_000

    let limit: RateLimit
    private let proxies: TrustedProxies
    private let table: NIOLockedValueBox<RateTable>
    private let refusals = Counter(label: "ticketblitz_rate_limited_total")

    init(_ limit: RateLimit, proxies: TrustedProxies) {
        self.limit = limit
        self.proxies = proxies
        table = NIOLockedValueBox(RateTable(limit, room: Self.room))
    }

    /// Counts a request of its client, and returns the client's standing after it.
    ///
    /// - Parameter peer: the address that the connection comes from: the client's or a proxy's.
    func take(_ request: HTTPRequestHead, from peer: IPAddress, at now: NIODeadline) -> RateStanding {
        let forwarded = proxies.isEmpty ? [] : request.headers["X-Forwarded-For"]
        let client = proxies.client(
            of: peer, forwardedFor: forwarded.isEmpty ? nil : forwarded.joined(separator: ",")
        ).client
        let standing = table.withLockedValue { $0.take(client, at: Int64(now.uptimeNanoseconds)) }
        if !standing.isAllowed { refusals.increment() }
        return standing
    }
}
