import Engine
import ServiceLifecycle

/// Keeps the watch over orders until the stop begins; then whoever waits is answered with the order as it is.
struct Watching: Service {
    let watch: OrderWatch

    func run() async throws {
        try? await gracefulShutdown()
        await watch.close()
    }
}
