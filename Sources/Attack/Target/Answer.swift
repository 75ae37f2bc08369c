import Foundation

/// An answer of the API.
struct Answer: Sendable {
    /// The fields of all answers that are looked at.
    struct Fields: Decodable {
        enum CodingKeys: String, CodingKey {
            case ticket = "ticket_id"
            case status, quantity, persisted, code, detail, capacity, available, stock, held, pending, sold
        }

        /// `status` is a state, or in a problem a number.
        private struct State: Decodable {
            let text: String?
            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }

        let ticket: String?
        private let status: State?
        let quantity: Int?
        let persisted: Bool?
        let code: String?
        let detail: String?
        let capacity: Int?
        let available: Int?
        let stock: Int?
        let held: Int?
        let pending: Int?
        let sold: Int?

        var state: String? { status?.text }
    }

    let status: Int
    /// Nil where the body is no JSON object, or not of these kinds.
    let fields: Fields?

    let bytes: Data

    init(status: Int, bytes: Data) {
        self.status = status
        self.bytes = bytes
        fields = try? JSONDecoder().decode(Fields.self, from: bytes)
    }

    /// The problem's code, else the status.
    var code: String { fields?.code ?? String(status) }
}

/// What a purchase came to, as far as its client can know.
enum Outcome: Hashable, Sendable {
    /// The ticket, where the target gives one.
    case accepted(ticket: String?)
    /// Nothing was changed, says the target.
    case refused(code: String)
    /// It may have been carried out; the ticket that it may have become, where the answer names it.
    case unknown(code: String, ticket: String?)
}

extension Outcome {
    /// Codes of 503 that say by themselves that nothing was changed.
    private static let harmless: Set<String> = ["queue-full", "recovering", "too-many-clients"]

    init(_ answer: Answer) {
        let code = answer.code
        switch answer.status {
        case 200..<300:
            self = .accepted(ticket: answer.fields?.ticket)
        case 500...:
            let isHarmless =
                Self.harmless.contains(code) || answer.fields?.detail?.contains("nothing was changed") == true
            self = isHarmless ? .refused(code: code) : .unknown(code: code, ticket: answer.fields?.ticket)
        default:
            self = .refused(code: code)
        }
    }
}
