import Engine
import Logging
import RedisClient
import ServiceLifecycle

/// Admits people from the waiting rooms of one partition, ten times a second. Any number of workers can run this service at the
/// same time: the clock of the Redis server decides how many are due.
struct RoomService: Service {
    let rooms: RoomKeeper
    let logger: Logger

    private static let interval = Duration.milliseconds(100)
    private static let intervalWithoutRooms = Duration.milliseconds(500)

    func run() async {
        var memory = RoomKeeper.Memory()
        await repeatRounds(of: "admit people", logger) {
            do {
                return switch try await rooms.round(&memory) {
                case .atOnce: .zero
                case .soon: Self.interval
                case .later: Self.intervalWithoutRooms
                }
            } catch let error as RedisError where error.code == .preconditionFailed {
                // The partition is being recovered, which the supervisor reports.
                return Self.interval
            }
        }
    }
}
