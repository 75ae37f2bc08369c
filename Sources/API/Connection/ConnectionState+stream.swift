import NIOCore
import NIOHTTP1

/// A response that is a stream of server-sent events. Its turn stays the first one until the stream ends: when the client sends
/// another request, or closes its side, when the connection makes way for another one, when the server shuts down, or when
/// there is nothing more to send.
extension ConnectionState {
    /// The stream that is being sent.
    struct Stream: Hashable, Sendable {
        /// The number of its turn.
        let turn: Int
        /// Whether its parts are chunks; HTTP/1.0 has none.
        let isChunked: Bool
    }

    /// Begins the stream of a response whose turn has come.
    mutating func beginStream(
        _ start: LiveStart, _ response: ConnectionResponse, at now: NIODeadline, _ actions: inout Actions
    ) {
        guard let turn = turns.first else { return }
        var response = response
        // Without chunks, the end of the connection is the end of the response.
        response.closes = turn.closes || turn.isHTTP1_0 || isQuiescing
        response.isChunked = !turn.isHTTP1_0
        stream = Stream(turn: turn.number, isChunked: response.isChunked)
        lastActivity = now
        actions.append(.respond(response))
        if start.isComplete || turns.count > 1 || isQuiescing || isInputClosed {
            endStream(reconnects: isQuiescing, at: now, &actions)
        } else {
            actions.append(.stream(start, isChunked: response.isChunked))
        }
    }

    /// Ends the stream, if there is one.
    ///
    /// - Parameter reconnects: whether the client is told to connect again.
    mutating func endStream(reconnects: Bool, at now: NIODeadline, _ actions: inout Actions) {
        guard let ended = stream, !isClosing else { return }
        stream = nil
        let turn = turns.popFirst()
        lastActivity = now
        let isLast =
            turn?.closes != false || !ended.isChunked
            || turns.isEmpty && (isQuiescing || isInputClosed && !usesApplication)
        actions.append(.endStream(reconnects: reconnects, isChunked: ended.isChunked, closes: isLast))
        if isLast {
            // Later requests are not answered.
            turns.removeAll()
            beginClosing()
        }
        setIdleTimer(&actions)
    }

    mutating func streamEnded(reconnects: Bool, at now: NIODeadline, _ actions: inout Actions) {
        guard stream != nil else { return }
        endStream(reconnects: reconnects, at: now, &actions)
        if !isClosing { writeDueResponses(at: now, &actions) }
    }
}
