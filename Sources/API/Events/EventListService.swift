import RedisClient
import ServiceLifecycle

/// Closes the connections of the event list when the shutdown has reached it: after the server has answered its requests.
struct EventListService: Service {
    let client: RedisClient

    func run() async throws {
        try? await gracefulShutdown()
        await client.close()
    }
}
