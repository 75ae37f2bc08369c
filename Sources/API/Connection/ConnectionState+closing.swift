import NIOCore
import NIOHTTP1

extension ConnectionState {
    mutating func open(at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        setIdleTimer(&actions)
    }

    /// Sets the idle timer unless it is set or a response is owed. Later activity does not move it: when it fires, it is set
    /// again for the rest of the time. It also limits the time to write a response that closes the connection.
    mutating func setIdleTimer(_ actions: inout Actions) {
        guard !idleTimerIsSet, turns.isEmpty else { return }
        setIdleTimer(at: lastActivity + configuration.idleTimeout, &actions)
    }

    mutating func idleTimerFired(_ unsent: Unsent, at now: NIODeadline, _ actions: inout Actions) {
        idleTimerIsSet = false
        if unsent.bytes > 0 {
            checkTaking(unsent, at: now, &actions)
        } else if turns.isEmpty {
            taking = nil
            if now >= lastActivity + configuration.idleTimeout { close(&actions) } else { setIdleTimer(&actions) }
        }
    }

    mutating func setIdleTimer(at deadline: NIODeadline, _ actions: inout Actions) {
        idleTimerIsSet = true
        actions.append(.setIdleTimer(deadline))
    }

    mutating func bodyTimerFired(at now: NIODeadline, _ actions: inout Actions) {
        guard body == .timed else { return }
        body = .arriving  // The timer has fired; there is none to cancel.
        faults[.tooSlow, default: 0] += 1
        refuse(Problem(.requestTimeout, "The request's body did not arrive in time."), at: now, &actions)
    }

    /// Bytes after a request that closes the connection are ignored (RFC 9112, section 9.6).
    mutating func decoderError(_ error: HTTPParserError, at now: NIODeadline, _ actions: inout Actions) {
        if error == .closedConnection, turns.contains(where: \.closes) {
            hasLastRequest = true
        } else {
            refuse(Problem(error), at: now, &actions)
        }
    }

    /// Responds with a problem and closes. If an earlier request has no response yet, or this one's response has started,
    /// the client would take the problem for another request's response; then the connection closes without it.
    mutating func refuse(_ problem: Problem, at now: NIODeadline, _ actions: inout Actions) {
        guard !isClosing else { return }
        let isForThisRequest = turns.count == (body == .complete ? 0 : 1) && !responseHasStarted
        // First: the connection can be closed as soon as the response is written.
        cutOffBody(isOwn: respondsToArriving, &actions)
        if isForThisRequest {
            turns.removeAll()
            respond(ConnectionResponse(problem, isHead: false, closes: true), at: now, &actions)
        } else {
            close(&actions)
        }
    }

    mutating func inputClosed(at now: NIODeadline, _ actions: inout Actions) {
        let isOwn = respondsToArriving
        if body != .complete { faults[.cutOff, default: 0] += 1 }
        if isOwn {
            // The newest request is incomplete, so no response to it is owed.
            turns.removeLast()
            if arriving != nil { directTurns -= 1 }
        }
        cutOffBody(isOwn: isOwn, &actions)
        isInputClosed = true
        resumeOutsideRead(&actions)
        endStream(reconnects: false, at: now, &actions)
        if usesApplication, directTurns == 0, held.isEmpty {
            actions.append(.passOn)
        } else if usesApplication || !held.isEmpty {
            holdsInputClosed = true
        } else if turns.isEmpty, !isClosing {
            close(&actions)
        }
    }

    /// The server shuts down: the connection closes after the responses that it owes.
    mutating func quiesce(at now: NIODeadline, _ actions: inout Actions) {
        isQuiescing = true
        resumeOutsideRead(&actions)
        endStream(reconnects: true, at: now, &actions)
        if turns.isEmpty, !isClosing { close(&actions) }
    }

    mutating func inactive(_ actions: inout Actions) {
        if body != .complete { faults[.cutOff, default: 0] += 1 }
        cutOffBody(isOwn: respondsToArriving, &actions)
        beginClosing()
        if waiting != nil {
            waiting = nil
            actions.append(.endWatch)
        }
        actions.append(.passOn)
    }

    mutating func close(_ actions: inout Actions) {
        beginClosing()
        actions.append(.close)
    }

    /// The body will not be complete. Without the report, the application would take the end of the connection for the end
    /// of the body, and an incomplete purchase for a complete one.
    ///
    /// - Parameter isOwn: whether the connection responds to the request, which the application does not know then.
    private mutating func cutOffBody(isOwn: Bool, _ actions: inout Actions) {
        guard body != .complete else { return }
        if body == .timed { actions.append(.cancelBodyTimer) }
        body = .complete
        arriving = nil
        if !isOwn { actions.append(.reportBodyCutOff) }
    }
}

extension Problem {
    /// The response to bytes that the HTTP decoder rejects.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow:
            self.init(.headersTooLarge, "The limit for headers is 16 KiB and 64 fields.")
        case .invalidEOFState, .closedConnection:
            self = .invalid(nil, "The connection was closed before the request was complete.")
        default:
            self = .invalid(nil, "The request is not valid HTTP/1.1.")
        }
    }
}
