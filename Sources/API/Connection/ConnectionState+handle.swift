import NIOCore

extension ConnectionState {
    /// Advances the state.
    ///
    /// - Returns: what is to be done, in order.
    mutating func handle(_ input: Input, at now: NIODeadline) -> Actions {
        var actions = Actions()
        switch input {
        case .opened: open(at: now, &actions)
        case .head(let request, let check): head(request, check, at: now, &actions)
        case .body(let bytes): body(bytes, at: now, &actions)
        case .end(let trailers): end(trailers, at: now, &actions)
        case .readComplete: readComplete(at: now, &actions)
        case .decoderError(let error):
            if !isClosing { faults[ClientFault(error), default: 0] += 1 }
            decoderError(error, at: now, &actions)
        case .responseHead(let head): responseHead(head, &actions)
        case .responseBody: actions.append(isClosing ? .failWrite : .passOn)
        case .responseEnd: responseEnd(at: now, &actions)
        case .answered(let turn, let response, let id): answered(turn, response, id, at: now, &actions)
        case .streamEnded(let reconnects): streamEnded(reconnects: reconnects, at: now, &actions)
        case .idleTimer(let unsent): idleTimerFired(unsent, at: now, &actions)
        case .bodyTimer: bodyTimerFired(at: now, &actions)
        case .waitTimer(let wait), .watchEnded(let wait): endWait(wait, &actions)
        case .watching(let wait): watching(wait, at: now, &actions)
        case .orderChanged(let wait): orderChanged(wait, &actions)
        case .orderChecked(let wait, let isSettled): orderChecked(wait, isSettled, &actions)
        case .unwritable(let unsent): unwritable(unsent, at: now, &actions)
        case .writable: isWritable = true
        case .evicted: evicted(at: now, &actions)
        case .inputClosed: inputClosed(at: now, &actions)
        case .quiesce: quiesce(at: now, &actions)
        case .inactive: inactive(&actions)
        }
        return actions
    }
}
