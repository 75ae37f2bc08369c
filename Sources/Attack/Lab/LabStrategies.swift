import Foundation
import TicketBlitzClient

/// The response of `GET /lab`.
struct LabStrategies: Decodable {
    struct Strategy: Decodable, Hashable, Sendable {
        let name: String
        let summary: String
        /// Whether the strategy never oversells.
        let isExact: Bool

        enum CodingKeys: String, CodingKey {
            case name = "strategy"
            case summary
            case isExact = "exact"
        }
    }

    let strategies: [Strategy]

    static func of(_ service: Service) async throws -> [Strategy] {
        let response = try await service.send(APIRequest(.get, "/lab"))
        guard response.status == 200, let list = try? JSONDecoder().decode(LabStrategies.self, from: response.bytes)
        else {
            throw ServiceError(
                "GET /lab answered \(response.status) \(response.code); the lab requires an API with DEMO=true")
        }
        return list.strategies
    }
}
