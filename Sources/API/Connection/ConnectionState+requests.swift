import NIOCore
import NIOHTTP1

extension ConnectionState {
    mutating func head(
        _ request: HTTPRequestHead, _ check: RateCheck, at now: NIODeadline, _ actions: inout Actions
    ) {
        lastActivity = now
        guard !isClosing, !hasLastRequest else { return }
        var standing: RateStanding?
        switch check {
        case .unlimited: break
        case .counted(let counted): standing = counted
        case .unknownClient: return close(&actions)
        }
        guard acceptsRequests else { return close(&actions) }
        endStream(reconnects: false, at: now, &actions)
        guard !isClosing else { return }
        var request = request
        let target = RequestPath.standard(request.uri)
        if let target { request.uri = target }
        let framing = RequestFraming(request)
        let refused = refused(request, framing, standing)
        if refused == nil { resume(&actions) }
        let direct = refused == nil ? directRequest(request) : nil
        body = .arriving
        turnCount += 1
        turns.append(
            Turn(
                number: turnCount, responder: refused != nil || direct != nil ? .connection(nil) : .application,
                isHead: request.method == .HEAD, closes: framing.closes,
                isHTTP1_0: request.version == .http1_0, standing: standing,
                id: framing.id, awaitsContinue: refused == nil && framing.expectsContinue))
        if let refused { return refuse(refused, framing, at: now, &actions) }
        continueIfDue(at: now, &actions)
        if let direct {
            directTurns += 1
            arriving = ArrivingRequest(request: direct)
        } else {
            applicationTurns += 1
            passToApplication(request, isChanged: target != nil, &actions)
        }
    }

    /// Nil if the request is for the application, also because an earlier one is: requests are executed in their order.
    private func directRequest(_ request: HTTPRequestHead) -> DirectRequest? {
        guard configuration.answersDirectly, applicationTurns == 0 else { return nil }
        return DirectRequest(request)
    }

    private mutating func passToApplication(
        _ request: HTTPRequestHead, isChanged: Bool, _ actions: inout Actions
    ) {
        if directTurns == 0, held.isEmpty, let wait = OrderWait(request) {
            waitCount += 1
            waiting = WaitingRequest(responder: .application(request), wait: wait, number: waitCount)
        } else {
            passOn(.head(request), isChanged: isChanged, &actions)
        }
    }

    /// Passes the part that has arrived to the application, or holds it back while the connection owes earlier responses.
    ///
    /// - Parameter isChanged: whether `part` differs from the part that has arrived.
    private mutating func passOn(
        _ part: @autoclosure () -> HTTPServerRequestPart, isChanged: Bool = false, _ actions: inout Actions
    ) {
        if directTurns > 0 || !held.isEmpty {
            held.append(part())
        } else {
            usesApplication = true
            actions.append(isChanged ? .forward(part()) : .passOn)
        }
    }

    mutating func body(_ bytes: ByteBuffer, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing, !hasLastRequest else { return }
        bodyHasBegun()
        if respondsToArriving {
            // A direct request announces a body of limited length, and a refused one needs no body.
            arriving?.append(bytes)
            return
        }
        // A request with a body does not wait.
        resume(&actions)
        passOn(.body(bytes), &actions)
    }

    mutating func end(_ trailers: HTTPHeaders?, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        guard !isClosing, !hasLastRequest else { return }
        bodyHasBegun()
        let isOwn = respondsToArriving
        if body == .timed { actions.append(.cancelBodyTimer) }
        body = .complete
        if let request = arriving {
            arriving = nil
            answer(request, &actions)
        } else if isOwn {
            if !turns.isEmpty { turns[offset: turns.count - 1].responder = .connection(refusal) }
            refusal = nil
            writeDueResponses(at: now, &actions)
        } else if !beginWait(trailers, &actions) {
            resume(&actions)
            passOn(.end(trailers), &actions)
        }
    }

    /// A request that is complete here, as most are, needs no timer.
    mutating func readComplete(at now: NIODeadline, _ actions: inout Actions) {
        if body == .arriving, !isClosing, turns.last?.awaitsContinue != true {
            body = .timed
            actions.append(.setBodyTimer(now + configuration.bodyTimeout))
        }
        actions.append(.passOn)
    }
}

extension ConnectionState.ArrivingRequest {
    fileprivate mutating func append(_ bytes: ByteBuffer) {
        if body == nil { body = bytes } else { body?.writeImmutableBuffer(bytes) }
    }
}
