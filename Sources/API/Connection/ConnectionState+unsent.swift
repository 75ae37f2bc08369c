import NIOCore

/// Clients that take responses slowly, or not at all.
extension ConnectionState {
    /// What of the responses has not been given to the network.
    struct Unsent: Hashable, Sendable {
        static let none = Unsent(bytes: 0, taken: 0)

        /// In this process.
        var bytes: Int
        /// Bytes that the client has acknowledged since the connection opened.
        var taken: UInt64
    }

    /// How much a client had taken at a time.
    struct Taking: Hashable, Sendable {
        var taken: UInt64
        var since: NIODeadline
    }

    /// The channel takes no more. Reading stops until it does, so that a client cannot ask for more than it takes.
    mutating func unwritable(_ unsent: Unsent, at now: NIODeadline, _ actions: inout Actions) {
        isWritable = false
        if taking == nil { taking = Taking(taken: unsent.taken, since: now) }
        // A response is owed perhaps, so that the timer is not set.
        if !idleTimerIsSet { setIdleTimer(at: now + interval, &actions) }
    }

    /// Closes the connection if the client has taken nothing for the idle timeout.
    mutating func checkTaking(_ unsent: Unsent, at now: NIODeadline, _ actions: inout Actions) {
        let last = taking
        if last == nil || last?.taken != unsent.taken { taking = Taking(taken: unsent.taken, since: now) }
        guard let taking else { return }
        if now >= taking.since + configuration.idleTimeout {
            abort(&actions)
        } else {
            setIdleTimer(at: min(taking.since + configuration.idleTimeout, now + interval), &actions)
        }
    }

    /// Closes the connection in favour of another one: at once if the client takes nothing, else after the responses that
    /// are owed. A request that waits for an order is answered now, and a stream ends.
    mutating func evicted(at now: NIODeadline, _ actions: inout Actions) {
        guard !isClosing else { return }
        if isWritable { quiesce(at: now, &actions) } else { abort(&actions) }
    }

    private mutating func abort(_ actions: inout Actions) {
        faults[.tooSlow, default: 0] += 1
        beginClosing()
        actions.append(.abort)
    }

    /// Whether the connection can be closed without the loss of a response that a client waits for actively.
    var isEvictable: Bool {
        guard !isClosing, !isQuiescing else { return false }
        if !isWritable || turns.isEmpty { return true }
        return (waiting != nil || stream != nil) && turns.count == 1
    }

    /// The time between two looks at what the client takes.
    private var interval: TimeAmount { .nanoseconds(configuration.idleTimeout.nanoseconds / 4) }
}
