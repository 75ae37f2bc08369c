/// How often one client may ask: so many requests at once, and so many a second in the long run.
struct RateLimit: Hashable, Sendable {
    /// Nanoseconds in which one request's worth comes back.
    let interval: Int64
    let burst: Int

    /// Whole requests a second, at least 1.
    var perSecond: Int { max(1, Int(1_000_000_000 / interval)) }

    init(perSecond: Int, burst: Int) {
        self.init(interval: 1_000_000_000 / Int64(perSecond), burst: burst)
    }

    init(interval: Int64, burst: Int) {
        self.interval = interval
        self.burst = burst
    }

    /// Nanoseconds in which all of it comes back.
    var whole: Int64 { interval * Int64(burst) }
}

/// Where a client stands with its limit.
struct RateStanding: Hashable, Sendable {
    var isAllowed: Bool
    /// Requests that it may send at once.
    var remaining: Int
    /// Nanoseconds until it may send the burst again.
    var wholeIn: Int64
    /// Nanoseconds until it may send one.
    var nextIn: Int64
}

/// What each client has left, in a size that has a bound.
///
/// By the generic cell rate algorithm (ITU-T I.371): one moment is kept for a client, at which its limit is whole again. A
/// client whose moment has passed is as good as one never seen. So clients are kept in two halves, the older of which is
/// dropped as soon as that is true of all in it: nobody is looked for, and nothing is forgotten too early. Only where
/// clients come in greater numbers than there is room for, the older half goes at once, and they get more than the limit.
struct RateTable: Sendable {
    let limit: RateLimit
    let room: Int
    private var recent: [IPAddress: Int64] = [:]
    private var older: [IPAddress: Int64] = [:]
    private var turnedAt: Int64 = 0

    /// - Parameter room: clients to keep at most.
    init(_ limit: RateLimit, room: Int) {
        self.limit = limit
        self.room = room
    }

    var count: Int { recent.count + older.count }

    /// Counts one request of a client, unless it is one too many.
    mutating func take(_ client: IPAddress, at now: Int64) -> RateStanding {
        turn(now)
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

    private mutating func turn(_ now: Int64) {
        guard now - turnedAt >= limit.whole || recent.count >= room / 2 else { return }
        older = recent
        recent = [:]
        turnedAt = now
    }
}
