import HTTPTypes
import NIOCore
import NIOHTTP1

extension ConnectionState {
    mutating func responseHead(_ head: HTTPResponseHead, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        responseHasStarted = true
        guard let limit = configuration.rateLimit, let standing = turns.first?.standing,
            !(100..<200).contains(head.status.code)
        else { return actions.append(.passOn) }
        var head = head
        for (name, value) in limit.fields(standing) { head.headers.replaceOrAdd(name: name.rawName, value: value) }
        actions.append(.writeHead(head))
    }

    mutating func responseEnd(at now: NIODeadline, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        responseHasStarted = false
        lastActivity = now
        if turns.popFirst() != nil { applicationTurns -= 1 }
        if isQuiescing, turns.isEmpty {
            actions.append(.passOnAndClose)
            beginClosing()
        } else {
            actions.append(.passOn)
            writeDueResponses(at: now, &actions)
        }
        setIdleTimer(&actions)
    }

    /// Writes the connection's own responses up to the first request that has no response yet.
    mutating func writeDueResponses(at now: NIODeadline, _ actions: inout Actions) {
        while case .connection(var response?)? = turns.first?.responder {
            turns.removeFirst()
            // With the last response, a connection ends that the server or the client is closing.
            if turns.isEmpty, isQuiescing || isInputClosed && !usesApplication { response.closes = true }
            respond(response, at: now, &actions)
        }
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
