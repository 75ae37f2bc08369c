import Domain
import Engine
import NIOConcurrencyHelpers
import RedisClient
import RedisSchema

/// The clock of the Redis server that has the figures, as far as this process knows it.
final class ServerClock: Sendable {
    private let offset = NIOLockedValueBox<Int64?>(nil)

    /// Nil if the server has never been asked.
    var now: Timestamp? { time(of: .now) }

    /// The server's time at a time of this machine.
    func time(of local: Timestamp) -> Timestamp? {
        offset.withLockedValue { $0 }.map { Timestamp(milliseconds: local.milliseconds + $0) }
    }

    func note(_ time: Timestamp) {
        let difference = time.milliseconds - Timestamp.now.milliseconds
        offset.withLockedValue { $0 = difference }
    }
}

/// The figures of the intervals in Redis, and the queues. All intervals are in the slot of the first partition.
///
/// Intervals are numbered by the clock of the Redis server, so that the processes agree on them.
struct FigureStore: Sendable {
    let client: RedisClient
    let keys: Keyspace
    let queues: [OrderQueue]
    let clock = ServerClock()

    init(_ client: RedisClient, partitioning: Partitioning, fence: Fence) {
        self.client = client
        keys = partitioning.all[0]
        queues = partitioning.all.map { OrderQueue(Partition($0, of: client, fence: fence), lease: .zero) }
    }

    /// The state of all queues.
    func queue() async throws(RedisError) -> QueueStatus { try await QueueStatus(of: queues) }

    func readClock() async throws(RedisError) { _ = try await send([]) }

    /// Writes the figures of a process. Writing the same again changes nothing.
    func write(_ figures: [(number: Int64, figures: IntervalFigures)], of process: String) async throws(RedisError) {
        var commands: [RedisCommand] = []
        for (number, figures) in figures {
            let key = keys.figures(ofInterval: number)
            var command = RedisCommand("HSET", key)
            for field in figures.fields(of: process) {
                command.append(field.name)
                command.append(field.value)
            }
            commands += [command, RedisCommand("EXPIRE", key, String(IntervalFigures.lifetime))]
        }
        _ = try await send(commands)
    }

    /// The figures of all processes, in the order of the numbers.
    func read(_ numbers: [Int64]) async throws(RedisError) -> [IntervalFigures] {
        let replies = try await send(numbers.map { RedisCommand("HGETALL", keys.figures(ofInterval: $0)) })
        return replies.map { IntervalFigures(hash: $0.array?.compactMap(\.string) ?? []) }
    }

    /// Sends commands in one piece, and asks the server for its time with them.
    private func send(_ commands: [RedisCommand]) async throws(RedisError) -> ArraySlice<RESPValue> {
        let replies = try await client.connection(of: keys.slot).send([RedisCommand("TIME")] + commands)
        if let time = try replies.first?.time() { clock.note(time) }
        return replies.dropFirst()
    }
}
