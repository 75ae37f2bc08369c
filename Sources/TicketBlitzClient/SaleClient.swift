public import AsyncHTTPClient
import NIOCore

/// A client of the API of TicketBlitz: buys, waits for orders, confirms and cancels them, joins waiting rooms and waiting lists,
/// and reads events.
///
/// A call repeats its request as long as that is safe and can help, until its time is over; see <doc:Retries>. A client is
/// a value and holds no connections: those are its `HTTPClient`'s.
public struct SaleClient: Sendable {
    /// The base of all URLs, without a slash at the end.
    public let url: String
    public let configuration: Configuration
    let http: HTTPClient

    public struct Configuration: Sendable {
        /// The token of a customer, if the API authenticates customers (`CUSTOMER_TOKENS_KEY`).
        public var customerToken: String?
        /// How long a call may take, with all repetitions, unless the call says something else.
        public var timeout: Duration
        /// How long one attempt may take until it counts as lost. A request that waits for an order gets this in addition to
        /// its wait.
        public var attemptTimeout: Duration
        public var backoff: RetryBackoff

        public init(
            customerToken: String? = nil, timeout: Duration = .seconds(30), attemptTimeout: Duration = .seconds(10),
            backoff: RetryBackoff = RetryBackoff()
        ) {
            self.customerToken = customerToken
            self.timeout = timeout
            self.attemptTimeout = attemptTimeout
            self.backoff = backoff
        }
    }

    /// - Parameters:
    ///   - url: where the API is, for example `https://tickets.example.com`.
    ///   - http: makes the requests. The shared one has few connections for each host, and a request that waits for an order
    ///     occupies one; a program that makes many calls at once has its own, see ``httpConfiguration(connections:)``.
    public init(url: String, http: HTTPClient = .shared, configuration: Configuration = Configuration()) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.http = http
        self.configuration = configuration
    }

    /// A configuration for an `HTTPClient` of an API: HTTP/1.1, no redirects, and an error at once if a connection cannot be
    /// opened.
    ///
    /// - Parameter connections: how many connections stay open.
    public static func httpConfiguration(connections: Int) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
