/// The state of a connection that reopens itself, and what it does next. No I/O.
///
/// ```
/// idle ─start─▶ connecting ─ready─▶ ready ─disconnect─▶ connecting (at once; commands wait)
///                  └─failure─▶ backingOff ─elapsed─▶ connecting (commands fail at once)        any ─close─▶ closed
/// ```
struct RedisConnectionState: Equatable {
    enum Phase: Equatable {
        case idle, connecting, ready, backingOff, closed
    }

    enum Action: Equatable {
        case connect
        /// Connect again after the backoff for this number of consecutive failures.
        case backOff(failures: Int)
        case none
    }

    /// What happens to a command that arrives now.
    enum Admission: Equatable {
        case send
        /// It waits until the connection is ready or the attempt fails.
        case wait
        case refuse
        case refuseClosed
    }

    private(set) var phase = Phase.idle
    /// Consecutive failed attempts to connect.
    private(set) var failures = 0

    var admission: Admission {
        switch phase {
        case .ready: .send
        case .idle: .wait
        // After a failure commands fail at once: the server is unavailable, and commands must not pile up.
        case .connecting: failures == 0 ? .wait : .refuse
        case .backingOff: .refuse
        case .closed: .refuseClosed
        }
    }

    mutating func start() -> Action {
        guard phase == .idle else { return .none }
        phase = .connecting
        return .connect
    }

    mutating func didBecomeReady() {
        guard phase == .connecting else { return }
        phase = .ready
        failures = 0
    }

    /// The attempt to connect failed, or a connection that was ready was lost.
    mutating func didDisconnect() -> Action {
        switch phase {
        case .connecting:
            failures += 1
            phase = .backingOff
            return .backOff(failures: failures)
        case .ready:
            phase = .connecting
            return .connect
        case .idle, .backingOff, .closed:
            return .none
        }
    }

    mutating func backoffDidElapse() -> Action {
        guard phase == .backingOff else { return .none }
        phase = .connecting
        return .connect
    }

    /// The server is known to answer: the rest of the backoff is left out.
    mutating func hurry() -> Action { backoffDidElapse() }

    mutating func close() {
        phase = .closed
    }
}
