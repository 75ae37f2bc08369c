import Foundation
import TicketBlitzClient

/// Makes the event of a crowd.
struct CrowdEvent: Sendable {
    let api: Service
    let id: String
    let adminToken: String?

    /// Sets terms of the event, which is created if there is none. Limits, holds and times of earlier terms are removed.
    func put(_ terms: String, capacity: Int) async throws {
        let plain = #""paused":false,"hold_seconds":null,"max_orders":null,"closes_at":null"#
        let exists = try await api.send(.event(id)).status == 200
        let capacity = exists ? "" : #""capacity":\#(capacity),"#
        try await send(APIRequest(.put, path, body: "{\(capacity)\(terms),\(plain)}", token: adminToken))
    }

    /// Changes single terms.
    func change(_ terms: String) async throws {
        try await send(APIRequest(.put, path, body: "{\(terms)}", token: adminToken))
    }

    private func send(_ request: APIRequest) async throws {
        let response = try await api.send(request)
        guard (200...201).contains(response.status) else {
            throw ServiceError(
                "PUT \(path) answered \(response.status) \(response.code): \(response.fields?.detail ?? "")")
        }
    }

    /// The most units that one customer may buy with one pass.
    ///
    /// - Throws: a ``ServiceError`` if that is less than one purchase.
    func allowance(for quantity: Int) async throws -> Int {
        let response = try await api.client.attempt(.event(id))
        let event = try JSONDecoder().decode(Event.self, from: response.body)
        guard min(event.perCustomerLimit ?? .max, event.maxQuantity) >= quantity else {
            throw ServiceError("a customer of '\(id)' may not buy \(quantity) units at once")
        }
        return event.perCustomerLimit ?? event.maxQuantity
    }

    private var path: String { APIRequest.event(id).path }

    /// A time as the API reads it.
    static func text(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

extension Date {
    /// Milliseconds since 1970.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}
