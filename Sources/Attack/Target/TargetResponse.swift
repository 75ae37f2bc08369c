import Foundation
import TicketBlitzClient

/// A response of the API.
struct TargetResponse: Sendable {
    /// The fields of all responses that this program reads.
    struct Fields: Decodable {
        enum CodingKeys: String, CodingKey {
            case ticket = "ticket_id"
            case status, quantity, persisted, code, detail, capacity, available, stock, held, pending, sold
        }

        /// `status` is a state; in a problem document it is a number.
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

    private let response: APIResponse
    /// Nil if the body is not a JSON object, or if a field has another type.
    let fields: Fields?

    init(_ response: APIResponse) {
        self.response = response
        fields = try? JSONDecoder().decode(Fields.self, from: response.body)
    }

    var status: Int { response.status }

    var bytes: Data { response.body }

    /// Whether the response implies that the request has changed nothing.
    var statesNothingChanged: Bool { Problem(response).statesNothingChanged }

    /// The code of the problem document, or else the HTTP status.
    var code: String { fields?.code ?? String(status) }
}
