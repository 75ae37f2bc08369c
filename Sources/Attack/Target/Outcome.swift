import TicketBlitzClient

/// The outcome of a purchase, as far as its client can know.
enum Outcome: Hashable, Sendable {
    /// The ticket, if the target returns one.
    case accepted(ticket: String?)
    /// The target states that nothing was changed.
    case refused(code: String)
    /// The purchase may have been carried out; its ticket, if the response names one.
    case unknown(code: String, ticket: String?)
}

extension Outcome {
    /// The outcome of an attempt without a response.
    init(_ failure: AttemptFailure) {
        switch failure {
        case .noConnection, .invalidURL: self = .refused(code: "no-connection")
        case .timeout: self = .unknown(code: "timeout", ticket: nil)
        case .connectionLost, .cancelled: self = .unknown(code: "connection-lost", ticket: nil)
        }
    }

    init(_ response: TargetResponse) {
        let code = response.code
        switch response.status {
        case 200..<300:
            self = .accepted(ticket: response.fields?.ticket)
        case 500...:
            self =
                response.statesNothingChanged
                ? .refused(code: code) : .unknown(code: code, ticket: response.fields?.ticket)
        default:
            self = .refused(code: code)
        }
    }
}
