import HTTPTypes

extension RateLimit {
    /// The header fields that report the limit with every response (draft-ietf-httpapi-ratelimit-headers-10): the quota and
    /// its window in seconds; what remains of the quota, and the seconds until it is complete again.
    func fields(_ standing: RateStanding) -> [(HTTPField.Name, String)] {
        [
            (.rateLimitPolicy, "\"address\";q=\(burst);w=\(Self.seconds(whole))"),
            (.rateLimit, "\"address\";r=\(standing.remaining);t=\(Self.seconds(standing.wholeIn))"),
        ]
    }

    /// The response to a request that exceeds the limit.
    func problem(_ standing: RateStanding) -> Problem {
        var problem = Problem(
            .rateLimited, "Too many requests from this address; the limit is \(perSecond) per second.",
            retryAfterSeconds: Self.seconds(standing.nextIn))
        for (name, value) in fields(standing) { problem.headers[name] = value }
        return problem
    }

    /// Whole seconds, rounded up.
    private static func seconds(_ nanoseconds: Int64) -> Int { Int((nanoseconds + 999_999_999) / 1_000_000_000) }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let rateLimit = Self("RateLimit").unsafelyUnwrapped
    static let rateLimitPolicy = Self("RateLimit-Policy").unsafelyUnwrapped
}
