import HTTPTypes
import Metrics
import NIOConcurrencyHelpers
import NIOCore

/// The limit of every client of this process. Copies of the API count for themselves: behind a balancer a client has as
/// many times the limit as there are copies.
final class ClientLimits: Sendable {
    /// Clients to keep in mind at most: some 10 MB of them.
    private static let room = 200_000

    private let proxies: TrustedProxies
    private let limit: RateLimit
    private let table: NIOLockedValueBox<RateTable>
    private let refusals = Counter(label: "ticketblitz_rate_limited_total")

    init(_ limit: RateLimit, proxies: TrustedProxies) {
        self.limit = limit
        self.proxies = proxies
        table = NIOLockedValueBox(RateTable(limit, room: Self.room))
    }

    /// Counts a request of whoever it is that sent it.
    func take(_ request: HTTPRequest, from peer: IPAddress) -> RateStanding {
        let client = proxies.client(of: peer, forwardedFor: request.headerFields[.xForwardedFor]).client
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        let standing = table.withLockedValue { $0.take(client, at: now) }
        if !standing.isAllowed { refusals.increment() }
        return standing
    }

    /// What a client is told of its limit with every answer, as draft-ietf-httpapi-ratelimit-headers-10 has it: the quota
    /// and its window; what remains of it, and the seconds until it is whole.
    func fields(_ standing: RateStanding) -> [(HTTPField.Name, String)] {
        [
            (.rateLimitPolicy, "\"address\";q=\(limit.burst);w=\(Self.seconds(limit.whole))"),
            (.rateLimit, "\"address\";r=\(standing.remaining);t=\(Self.seconds(standing.wholeIn))"),
        ]
    }

    /// The refusal of one request too many.
    func problem(_ standing: RateStanding) -> Problem {
        var problem = Problem(
            .rateLimited, "Too many requests from this address; at most \(limit.perSecond) a second are answered.",
            retryAfterSeconds: Self.seconds(standing.nextIn))
        for (name, value) in fields(standing) { problem.headers[name] = value }
        return problem
    }

    private static func seconds(_ nanoseconds: Int64) -> Int { Int((nanoseconds + 999_999_999) / 1_000_000_000) }
}

extension HTTPField.Name {
    // Constants, valid by RFC 9110's rule for tokens.
    static let xForwardedFor = Self("X-Forwarded-For").unsafelyUnwrapped
    static let rateLimit = Self("RateLimit").unsafelyUnwrapped
    static let rateLimitPolicy = Self("RateLimit-Policy").unsafelyUnwrapped
}
