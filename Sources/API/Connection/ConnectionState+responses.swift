import HTTPTypes
import NIOCore

extension ConnectionState {
    mutating func responseHead(_ head: HTTPResponse, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        responseHasStarted = true
        guard let limit = configuration.rateLimit, let standing = turns.first?.standing,
            head.status.kind != .informational
        else { return actions.append(.passOn) }
        var head = head
        for (name, value) in limit.fields(standing) { head.headerFields[name] = value }
        actions.append(.writeHead(head))
    }

    mutating func responseEnd(at now: NIODeadline, _ actions: inout Actions) {
        guard !isClosing else { return actions.append(.failWrite) }
        actions.append(.passOn)
        responseHasStarted = false
        lastActivity = now
        _ = turns.popFirst()
        writeDueResponses(at: now, &actions)
        setIdleTimer(&actions)
    }

    /// Writes the connection's own responses up to the first request that has no response yet.
    mutating func writeDueResponses(at now: NIODeadline, _ actions: inout Actions) {
        while case .connection(let response?)? = turns.first?.responder {
            turns.removeFirst()
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
