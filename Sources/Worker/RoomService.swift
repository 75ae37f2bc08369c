import Engine
import Logging
import RedisClient
import ServiceLifecycle
import Timing

/// Admits people from the waiting rooms of one partition, ten times a second. Any number of workers can run this service at the
/// same time: the clock of the Redis server decides how many are due.
struct RoomService: Service {
    let rooms: RoomKeeper
    let logger: Logger

    private static let interval = Duration.milliseconds(100)
    private static let intervalWithoutRooms = Duration.milliseconds(500)

    func run() async throws {
        var memory = RoomKeeper.Memory()
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                let next = try await rooms.round(&memory)
                if failures > 0 { logger.notice("admitting people works again") }
                failures = 0
                switch next {
                case .atOnce: await Task.yield()
                case .soon: await pause(Self.interval)
                case .later: await pause(Self.intervalWithoutRooms)
                }
            } catch let error as RedisError where error.code == .preconditionFailed {
                // The partition is being recovered, which the supervisor reports.
                await pause(Self.interval)
            } catch {
                // Connections to a node that has left the cluster are closed too.
                let isStopping = Task.isShuttingDownGracefully || Task.isCancelled
                if isStopping, (error as? RedisError)?.code == .closed { return }
                failures += 1
                if failures == 1 {
                    logger.warning("cannot admit people; retrying", metadata: ["reason": "\(error)"])
                }
                await pause(Backoff().delay(failures: failures))
            }
        }
    }

    private func pause(_ duration: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
    }
}
