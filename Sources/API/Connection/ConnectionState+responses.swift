import HTTPTypes
import NIOCore
import NIOHTTP1

extension ConnectionState {
    mutating func responseHead(_ head: HTTPResponseHead, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        responseHasStarted = true
        guard let turn = turns.first, !(100..<200).contains(head.status.code) else { return actions.append(.passOn) }
        var head = head
        if let rate = rate(turn.standing) {
            for (name, value) in rate.limit.fields(rate.standing) {
                head.headers.replaceOrAdd(name: name.rawName, value: value)
            }
        }
        if turn.closes {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        } else {
            head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
            head.headers.replaceOrAdd(name: "Keep-Alive", value: configuration.keepAlive)
        }
        actions.append(.writeHead(head))
    }

    mutating func responseEnd(at now: NIODeadline, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        responseHasStarted = false
        lastActivity = now
        let turn = turns.popFirst()
        if turn != nil { applicationTurns -= 1 }
        if turn?.closes == true || isQuiescing && turns.isEmpty {
            actions.append(.passOnAndClose)
            // Later requests are not answered.
            turns.removeAll()
            beginClosing()
        } else {
            actions.append(.passOn)
            writeDueResponses(at: now, &actions)
        }
        setIdleTimer(&actions)
    }

    /// Writes the connection's own responses up to the first request that has no response yet.
    mutating func writeDueResponses(at now: NIODeadline, _ actions: inout Actions) {
        while stream == nil, case .connection(var response?)? = turns.first?.responder {
            if let start = response.response.live, !response.isHead {
                beginStream(start, response, at: now, &actions)
                continue
            }
            turns.removeFirst()
            // With the last response, a connection ends that the server or the client is closing.
            if turns.isEmpty, isQuiescing || isInputClosed && !usesApplication { response.closes = true }
            respond(response, at: now, &actions)
        }
        if !isClosing { continueIfDue(at: now, &actions) }
    }

    /// Writes a response whose turn has come.
    mutating func respond(_ response: ConnectionResponse, at now: NIODeadline, _ actions: inout Actions) {
        lastActivity = now
        actions.append(.respond(response))
        if response.closes {
            // Later requests are not answered.
            turns.removeAll()
            beginClosing()
        }
        setIdleTimer(&actions)
    }
}
