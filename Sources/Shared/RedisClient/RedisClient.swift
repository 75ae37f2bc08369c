import Logging
import NIOConcurrencyHelpers
import NIOCore

/// One pipelined connection for every event loop of a group.
package final class RedisClient: Sendable {
    package let connections: [RedisConnection]
    private let next = NIOLockedValueBox(0)

    /// Begins to open the connections; does not wait for them to stand.
    package init(_ configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger) async throws {
        // One line is enough when all of them lose the same server.
        var quiet = logger
        quiet.logLevel = .critical
        var connections: [RedisConnection] = []
        for eventLoop in group.makeIterator() {
            connections.append(
                try await .open(configuration, on: eventLoop, logger: connections.isEmpty ? logger : quiet))
        }
        self.connections = connections
    }

    /// The connection of the event loop that runs the caller; elsewhere, each in turn.
    package var connection: RedisConnection {
        if let here = connections.first(where: { $0.eventLoop.inEventLoop }) { return here }
        let turn = next.withLockedValue { turn in
            turn = (turn + 1) % connections.count
            return turn
        }
        return connections[turn]
    }

    package func close() async {
        for connection in connections { await connection.close() }
    }
}
