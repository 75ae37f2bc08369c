/// The memory of a Redis server, as `INFO memory` reports it.
package struct RedisMemory: Hashable, Sendable {
    package var used: Int
    /// `maxmemory`; nil if the server has no limit.
    package var limit: Int?

    package init(used: Int, limit: Int?) {
        self.used = used
        self.limit = limit
    }

    /// The share of the limit that is used; 0 without a limit.
    package var share: Double { limit.map { Double(used) / Double($0) } ?? 0 }

    /// Nil if the text does not have the fields.
    package init?(info: String) {
        var fields: [Substring: Int] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = Int(parts[1]) }
        }
        guard let used = fields["used_memory"], let limit = fields["maxmemory"] else { return nil }
        self.init(used: used, limit: limit > 0 ? limit : nil)
    }
}

extension RedisConnection {
    /// The server's memory. Throws ``RedisError/Code/protocolViolation`` if the server does not report it.
    package func memory() async throws(RedisError) -> RedisMemory {
        let reply = try await send(RedisCommand("INFO", "memory"))
        guard let memory = reply.string.flatMap(RedisMemory.init(info:)) else {
            throw RedisError(.protocolViolation, "INFO memory replied in an unknown form", mayHaveRun: false)
        }
        return memory
    }
}
