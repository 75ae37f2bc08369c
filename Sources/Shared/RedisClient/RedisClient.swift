package import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// One pipelined connection for each event loop of a group.
package final class RedisClient: Sendable {
    package let connections: [RedisConnection]
    private let next = NIOLockedValueBox(0)

    /// Starts to open the connections, without waiting for them.
    package init(_ configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger) async throws {
        // All connections lose the same server, so only the first logs it.
        var quiet = logger
        quiet.logLevel = .critical
        var connections: [RedisConnection] = []
        for eventLoop in group.makeIterator() {
            connections.append(
                try await .open(configuration, on: eventLoop, logger: connections.isEmpty ? logger : quiet))
        }
        self.connections = connections
    }

    /// The connection of the caller's event loop. Callers on other threads get the connections in turn.
    package var connection: RedisConnection {
        if let here = connections.first(where: { $0.eventLoop.inEventLoop }) { return here }
        let index = next.withLockedValue { index in
            index = (index + 1) % connections.count
            return index
        }
        return connections[index]
    }

    package func close() async {
        for connection in connections { await connection.close() }
    }
}
