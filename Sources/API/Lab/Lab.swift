import Engine
import Logging
import PostgresClient
import RedisClient

/// All strategies of the lab, from the one that fails to the one that this service is built on.
struct Lab: Sendable {
    static let capacity = 100

    let strategies: [any LabStrategy]

    init(
        pool: PostgresPool, direct: PostgresConfiguration, redis: RedisClient, inventory: Inventory,
        catalogue: EventCatalogue
    ) {
        strategies = [
            Naive(pool: pool), Direct(pool: pool, configuration: direct), RowLock(pool: pool),
            ConditionalUpdate(pool: pool), Serializable(pool: pool), RedisLua(redis: redis),
            QueueStrategy(inventory: inventory, catalogue: catalogue),
        ]
    }

    subscript(name: String) -> (any LabStrategy)? { strategies.first { $0.name == name } }

    /// Puts stock where there is none.
    func prepare() async throws {
        for strategy in strategies { try await strategy.prepare(capacity: Self.capacity) }
    }
}
