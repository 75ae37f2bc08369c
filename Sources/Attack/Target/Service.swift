import AsyncHTTPClient
import TicketBlitzClient

/// The API under attack. Each request is sent once: what an attempt leads to is what the attack measures.
struct Service: Sendable {
    let client: SaleClient

    init(base: String, http: HTTPClient, timeout: Duration) {
        client = SaleClient(url: base, http: http, configuration: .init(attemptTimeout: timeout))
    }

    func send(_ request: APIRequest) async throws(AttemptFailure) -> TargetResponse {
        TargetResponse(try await client.attempt(request))
    }

    /// The age that a service may give its counters: TicketBlitz up to 100 ms, other services a little more perhaps.
    private static let ageLimit = Duration.milliseconds(150)

    /// The target's counters, as they were at the time of this call or later.
    ///
    /// - Throws: a ``ServiceError`` if the response does not have them.
    func account(_ target: Target) async throws -> Account {
        try await Task.sleep(for: Self.ageLimit)
        let response = try await send(APIRequest(.get, target.accountPath))
        guard response.status == 200, let fields = response.fields, let capacity = fields.capacity,
            let sold = fields.sold,
            let available = fields.available ?? fields.stock
        else {
            throw ServiceError("GET \(target.accountPath) answered \(response.status) \(response.code)")
        }
        return Account(
            capacity: capacity, available: available, held: fields.held ?? 0, pending: fields.pending ?? 0, sold: sold)
    }

    func reset(_ target: Target, to capacity: Int, adminToken: String?) async throws {
        let path: String
        let body: String
        switch target {
        case .sale(let event): (path, body) = ("/reset", #"{"event":"\#(event)","capacity":\#(capacity)}"#)
        case .lab(let strategy): (path, body) = ("/lab/\(strategy)/reset", #"{"capacity":\#(capacity)}"#)
        }
        let response = try await send(APIRequest(.post, path, body: body, token: adminToken))
        guard response.status == 200 else {
            throw ServiceError("POST \(path) answered \(response.status) \(response.code)")
        }
    }
}

/// An unexpected response of the API.
struct ServiceError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
