import Foundation

/// What `GET /lab` lists.
struct LabStrategies: Decodable {
    struct Strategy: Decodable, Hashable, Sendable {
        let name: String
        let summary: String
        /// Whether it is to sell exactly what there is.
        let isExact: Bool

        enum CodingKeys: String, CodingKey {
            case name = "strategy"
            case summary
            case isExact = "exact"
        }
    }

    let strategies: [Strategy]

    static func of(_ service: Service) async throws -> [Strategy] {
        let answer = try await service.send(.GET, "/lab")
        guard answer.status == 200, let list = try? JSONDecoder().decode(LabStrategies.self, from: answer.bytes) else {
            throw ServiceError(
                "GET /lab answered \(answer.status) \(answer.code); the lab is open where the API runs with DEMO=true")
        }
        return list.strategies
    }
}
