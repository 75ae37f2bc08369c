import Foundation

/// A response with an error: a problem document (RFC 9457), or what stands for one.
public struct Problem: Error, Hashable, Sendable {
    /// The stable code of a problem.
    public struct Code: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }
    }

    public let status: Int
    /// If the response is not a problem document, because a proxy answers for the API for example: `http-` and the status.
    public let code: Code
    public let title: String
    /// What happened, for people.
    public let detail: String
    /// When to try again, if the API says so.
    public let retryAfter: Duration?
    /// The field that is not valid.
    public let field: String?
    /// The state of the order or the event that prevents the request.
    public let state: String?
    /// How many units are left; with ``Code/customerLimit`` how many the customer can still buy, with ``Code/passUsed`` how many
    /// can still be bought with the pass.
    public let available: Int?
    /// The limit of the customer or the client address.
    public let limit: Int?
    /// The order that may exist although the response to its claim was lost; with ``Code/onWaitlist`` the order of the
    /// customer's place.
    public let ticket: String?
    /// Names the request in the logs of the API.
    public let requestID: String?
}

extension Problem {
    private struct Document: Decodable {
        enum CodingKeys: String, CodingKey {
            case code, title, detail, field, state, available, limit
            case retryAfter = "retry_after_s"
            case ticket = "ticket_id"
            case requestID = "request_id"
        }

        let code: String
        let title: String?
        let detail: String?
        let field: String?
        let state: String?
        let available: Int?
        let limit: Int?
        let retryAfter: Int?
        let ticket: String?
        let requestID: String?
    }

    /// The problem that a response with an error reports.
    public init(_ response: APIResponse) {
        let document = try? response.decoded(Document.self)
        status = response.status
        code = Code(rawValue: document?.code ?? "http-\(response.status)")
        title = document?.title ?? ""
        detail = document?.detail ?? ""
        let seconds = document?.retryAfter ?? response.retryAfter.flatMap { Int($0) }
        retryAfter = seconds.map { .seconds(min(max(0, $0), 1_000_000_000)) }
        field = document?.field
        state = document?.state
        available = document?.available
        limit = document?.limit
        ticket = document?.ticket
        requestID = document?.requestID
    }
}
