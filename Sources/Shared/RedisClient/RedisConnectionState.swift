/// What a connection that reopens itself does next: decisions only, no socket.
///
/// ```
/// idle ─start─▶ connecting ─opened─▶ ready ─lost─▶ connecting (at once; commands wait)
///                  └─failed─▶ resting ─rested─▶ connecting (commands fail at once)        any ─close─▶ closed
/// ```
struct RedisConnectionState: Equatable {
    enum Phase: Equatable {
        case idle, connecting, ready, resting, closed
    }

    enum Action: Equatable {
        case connect
        /// Try again after the backoff for this many failures in a row.
        case rest(failures: Int)
        case none
    }

    /// What to do with a command that arrives now.
    enum Admission: Equatable {
        case send
        /// Keep it until the connection stands or the attempt fails, whichever comes first.
        case wait
        case refuse
        case refuseClosed
    }

    private(set) var phase = Phase.idle
    private(set) var failures = 0

    var admission: Admission {
        switch phase {
        case .ready: .send
        case .idle: .wait
        // After a failure nobody waits: a server that is away is answered for at once.
        case .connecting: failures == 0 ? .wait : .refuse
        case .resting: .refuse
        case .closed: .refuseClosed
        }
    }

    mutating func start() -> Action {
        guard phase == .idle else { return .none }
        phase = .connecting
        return .connect
    }

    mutating func opened() {
        guard phase == .connecting else { return }
        phase = .ready
        failures = 0
    }

    /// The attempt to connect failed, or the standing connection ended.
    mutating func lost() -> Action {
        switch phase {
        case .connecting:
            failures += 1
            phase = .resting
            return .rest(failures: failures)
        case .ready:
            phase = .connecting
            return .connect
        case .idle, .resting, .closed:
            return .none
        }
    }

    mutating func rested() -> Action {
        guard phase == .resting else { return .none }
        phase = .connecting
        return .connect
    }

    mutating func close() {
        phase = .closed
    }
}
