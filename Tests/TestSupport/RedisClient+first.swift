package import RedisClient

/// Tests that have one server.
extension RedisClient {
    package var connection: RedisConnection { nodes[0].connection }
    package var connections: [RedisConnection] { nodes[0].connections }
}
