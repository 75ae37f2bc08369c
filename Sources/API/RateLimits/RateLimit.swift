import Runtime

/// The rate limit of one client: a burst, and a rate in the long run.
struct RateLimit: Hashable, Sendable {
    /// Nanoseconds after which one more request is allowed.
    let interval: Int64
    /// Requests that are allowed at once.
    let burst: Int

    /// Whole requests per second, at least 1.
    var perSecond: Int { max(1, Int(1_000_000_000 / interval)) }

    init(perSecond: Int, burst: Int) {
        self.init(interval: 1_000_000_000 / Int64(perSecond), burst: burst)
    }

    init(interval: Int64, burst: Int) {
        self.interval = interval
        self.burst = burst
    }

    /// Nanoseconds after which the complete burst is allowed again.
    var whole: Int64 { interval * Int64(burst) }
}

/// A client's state with respect to its limit.
struct RateStanding: Hashable, Sendable {
    var isAllowed: Bool
    /// Requests that it can send at once.
    var remaining: Int
    /// Nanoseconds until it can send the complete burst.
    var wholeIn: Int64
    /// Nanoseconds until it can send one request.
    var nextIn: Int64
}

/// The standing of each client, in bounded memory.
///
/// It uses the generic cell rate algorithm (ITU-T I.371): for each client it stores the moment at which the complete burst is
/// allowed again. A client whose moment has passed has the same standing as a new client. The clients are in two
/// generations. The older one is discarded when the moments of all its clients have passed, so no search is needed and no
/// client is discarded too early. Only if there are more clients than room, the older generation is discarded at once; then
/// its clients get more than their limit.
struct RateTable: Sendable {
    let limit: RateLimit
    let room: Int
    private var recent: [IPAddress: Int64] = [:]
    private var older: [IPAddress: Int64] = [:]
    private var rotatedAt: Int64 = 0

    /// - Parameter room: the maximum number of clients.
    init(_ limit: RateLimit, room: Int) {
        self.limit = limit
        self.room = room
    }

    var count: Int { recent.count + older.count }

    /// Counts one request of a client unless it exceeds the limit.
    ///
    /// - Parameter now: nanoseconds of a monotonic clock.
    mutating func take(_ client: IPAddress, at now: Int64) -> RateStanding {
        rotate(now)
        let full = max(recent[client] ?? older[client] ?? now, now)
        let after = full + limit.interval
        guard after - now <= limit.whole else {
            return RateStanding(
                isAllowed: false, remaining: 0, wholeIn: full - now, nextIn: after - now - limit.whole)
        }
        recent[client] = after
        return RateStanding(
            isAllowed: true, remaining: Int((limit.whole - (after - now)) / limit.interval), wholeIn: after - now,
            nextIn: 0)
    }

    /// Starts a new generation if the older one can be discarded.
    private mutating func rotate(_ now: Int64) {
        guard now - rotatedAt >= limit.whole || recent.count >= room / 2 else { return }
        older = recent
        recent = [:]
        rotatedAt = now
    }
}
