import NIOCore
import NIOHTTP1

/// Requests that the connection answers without the application.
extension ConnectionState {
    /// Answers a complete request, or begins its wait.
    mutating func answer(_ arrived: ArrivingRequest, _ actions: inout Actions) {
        if case .order(let order, let preference) = arrived.request, preference.seconds > 0 {
            waitCount += 1
            let wait = OrderWait(order: order, limit: .seconds(Int64(preference.seconds)))
            waiting = WaitingRequest(
                responder: .connection(arrived.request, turn: turnCount), wait: wait, number: waitCount, end: .some(nil)
            )
            actions.append(.watch(wait, wait: waitCount))
        } else {
            actions.append(
                .answer(arrived.request, body: arrived.body, turn: turnCount, id: turns.last?.id ?? .none))
        }
    }

    mutating func answered(
        _ number: Int, _ response: APIResponse, _ id: RequestID, at now: NIODeadline, _ actions: inout Actions
    ) {
        guard !isClosing, let index = turns.firstIndex(where: { $0.number == number }) else { return }
        directTurns -= 1
        var own = ConnectionResponse(response)
        own.requestID = id
        own.closes = turns[index].closes
        own.isHead = turns[index].isHead
        own.rate = rate(turns[index].standing)
        turns[index].responder = .connection(own)
        writeDueResponses(at: now, &actions)
        if directTurns == 0, !isClosing { releaseHeld(&actions) }
    }

    func rate(_ standing: RateStanding?) -> ResponseWriter.Context.Rate? {
        guard let limit = configuration.rateLimit, let standing else { return nil }
        return ResponseWriter.Context.Rate(limit: limit, standing: standing)
    }

    /// Passes what was held back to the application.
    private mutating func releaseHeld(_ actions: inout Actions) {
        if !held.isEmpty {
            usesApplication = true
            for part in held { actions.append(.forward(part)) }
            held = []
            actions.append(.readComplete)
        }
        if holdsInputClosed {
            holdsInputClosed = false
            actions.append(.forwardInputClosed)
        }
    }
}
