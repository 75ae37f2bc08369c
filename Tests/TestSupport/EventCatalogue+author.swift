package import Domain
package import Engine

extension AuditAuthor {
    /// The author of changes that tests make past the API.
    package static let test = AuditAuthor(actor: "test", requestID: nil, address: nil)
}

/// Changes by ``AuditAuthor/test``, for tests in which it does not matter who makes a change.
extension EventCatalogue {
    package func put(
        _ id: EventID, _ change: EventChange, if precondition: EventPrecondition = .none
    ) async throws -> Bool {
        try await put(id, change, if: precondition, by: .test)
    }

    package func delete(_ id: EventID, if precondition: EventPrecondition = .none) async throws {
        try await delete(id, if: precondition, by: .test)
    }

    package func reset(_ id: EventID, capacity: Int?) async throws -> Int {
        try await reset(id, capacity: capacity, by: .test)
    }

    package func ensure(_ id: EventID, _ terms: EventTerms) async throws {
        try await ensure(id, terms, by: .test)
    }
}
