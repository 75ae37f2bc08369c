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
    /// Codes of 503 responses that imply that nothing was changed.
    private static let harmless: Set<String> = ["queue-full", "recovering", "too-many-clients"]

    init(_ response: TargetResponse) {
        let code = response.code
        switch response.status {
        case 200..<300:
            self = .accepted(ticket: response.fields?.ticket)
        case 500...:
            let isHarmless =
                Self.harmless.contains(code)
                || response.fields?.detail?.lowercased().contains("nothing was changed") == true
            self = isHarmless ? .refused(code: code) : .unknown(code: code, ticket: response.fields?.ticket)
        default:
            self = .refused(code: code)
        }
    }
}
