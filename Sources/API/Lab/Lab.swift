import Engine
import Logging
import PostgresClient
import RedisClient
import RedisSchema

/// All strategies of the lab, from the simplest to the one that this service uses.
struct Lab: Sendable {
    /// The units that each strategy has at first.
    static let capacity = 100

    let strategies: [any LabStrategy]

    init(
        pool: PostgresPool, direct: PostgresConfiguration, redis: RedisClient, inventory: Inventory,
        catalogue: EventCatalogue
    ) {
        strategies = [
            Naive(pool: pool), Direct(pool: pool, configuration: direct), RowLock(pool: pool),
            ConditionalUpdate(pool: pool), Serializable(pool: pool),
            RedisLua(redis: redis, in: inventory.partitioning.all[0]),
            QueueStrategy(inventory: inventory, catalogue: catalogue),
        ]
    }

    subscript(name: String) -> (any LabStrategy)? { strategies.first { $0.name == name } }

    /// Creates the stock of every strategy that has none.
    func prepare() async throws {
        for strategy in strategies { try await strategy.prepare(capacity: Self.capacity, by: .demoStart) }
    }
}
