import NIOCore
import NIOHTTP1

extension ConnectionState {
    /// A request that waits for an order before it is answered.
    struct WaitingRequest {
        enum Responder {
            case application(HTTPRequestHead)
            case connection(DirectRequest, turn: Int)
        }

        enum Check {
            case none
            /// The order is being read.
            case running
            /// The order may have changed since the read began.
            case outdated
        }

        let responder: Responder
        let wait: OrderWait
        /// Distinguishes this wait from earlier ones of the connection.
        let number: Int
        /// The end of the request; nil while it has not arrived.
        var end: HTTPHeaders??
        var check = Check.none
    }

    /// Begins the wait of the request that has just arrived completely.
    ///
    /// - Returns: whether there is such a request.
    mutating func beginWait(_ trailers: HTTPHeaders?, _ actions: inout Actions) -> Bool {
        guard var request = waiting, request.end == nil else { return false }
        request.end = .some(trailers)
        waiting = request
        // The watch begins before the order is read, so that no change between the two is missed.
        actions.append(.watch(request.wait, wait: request.number))
        return true
    }

    mutating func watching(_ number: Int, at now: NIODeadline, _ actions: inout Actions) {
        guard let request = waiting, request.number == number else { return }
        actions.append(.setWaitTimer(now + request.wait.limit, wait: number))
        checkOrder(&actions)
    }

    mutating func orderChanged(_ number: Int, _ actions: inout Actions) {
        guard let request = waiting, request.number == number else { return }
        if request.check == .none { checkOrder(&actions) } else { waiting?.check = .outdated }
    }

    mutating func orderChecked(_ number: Int, _ isSettled: Bool, _ actions: inout Actions) {
        guard let request = waiting, request.number == number else { return }
        if isSettled {
            resumeOutsideRead(&actions)
        } else if request.check == .outdated {
            checkOrder(&actions)
        } else {
            waiting?.check = .none
        }
    }

    mutating func endWait(_ number: Int, _ actions: inout Actions) {
        guard waiting?.number == number else { return }
        resumeOutsideRead(&actions)
    }

    /// Answers the waiting request while no read is in progress.
    mutating func resumeOutsideRead(_ actions: inout Actions) {
        guard let request = waiting, !isClosing else { return }
        resume(&actions)
        if case .application = request.responder { actions.append(.readComplete) }
    }

    /// Answers the waiting request, or passes as much of it as has arrived to the application.
    mutating func resume(_ actions: inout Actions) {
        guard let request = waiting else { return }
        waiting = nil
        actions.append(.endWatch)
        switch request.responder {
        case .application(let head):
            usesApplication = true
            actions.append(.forward(.head(head)))
            if case .some(let trailers) = request.end { actions.append(.forward(.end(trailers))) }
        case .connection(let direct, let turn):
            let id = turns.first { $0.number == turn }?.id ?? .none
            actions.append(.answer(direct, body: nil, turn: turn, id: id))
        }
    }

    private mutating func checkOrder(_ actions: inout Actions) {
        guard let request = waiting else { return }
        waiting?.check = .running
        actions.append(.checkOrder(request.wait, wait: request.number))
    }
}
