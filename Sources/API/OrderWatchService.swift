import Engine
import ServiceLifecycle

/// Closes the order watch when the shutdown begins. The requests that wait are then answered with the order's current
/// state.
struct OrderWatchService: Service {
    let watch: OrderWatch

    func run() async throws {
        try? await gracefulShutdown()
        await watch.close()
    }
}
