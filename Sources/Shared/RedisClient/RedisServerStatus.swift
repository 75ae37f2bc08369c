/// What a server says about itself with `INFO server` and `INFO replication`.
package struct RedisServerStatus: Hashable, Sendable {
    /// The run id: a server process keeps it until it ends.
    package var runID: String
    /// Whether the server accepts writes. A replica does not.
    package var isPrimary: Bool
    /// The id of the history of the server's data (`master_replid`). It changes when a replica is promoted, and when a
    /// primary takes the data of another one. It also changes when the first replica of a primary connects.
    package var replicationID: String
    /// The replicas that have the data, receive each write, and have confirmed some.
    package var onlineReplicas: Int

    package init(runID: String, isPrimary: Bool, replicationID: String, onlineReplicas: Int = 0) {
        self.runID = runID
        self.isPrimary = isPrimary
        self.replicationID = replicationID
        self.onlineReplicas = onlineReplicas
    }

    /// - Parameter info: the text of both sections. Nil if a field is missing.
    package init?(info: String) {
        var fields: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let runID = fields["run_id"], let role = fields["role"], let replicationID = fields["master_replid"]
        else { return nil }
        // slave0:ip=127.0.0.1,port=7001,state=online,offset=14,lag=0
        // The offset is 0 until the replica has confirmed something: it may be loading the data that it received.
        let replicas = fields.filter { $0.key.hasPrefix("slave") && Int($0.key.dropFirst("slave".count)) != nil }
        let online = replicas.values.count { replica in
            let parts = replica.split(separator: ",")
            return parts.contains("state=online") && !parts.contains("offset=0")
        }
        self.init(
            runID: String(runID), isPrimary: role == "master", replicationID: String(replicationID),
            onlineReplicas: online)
    }
}

extension RedisConnection {
    /// The server's status.
    ///
    /// - Parameter server: as in ``send(_:to:timeout:)``.
    /// - Throws: ``RedisError/Code/protocolViolation`` if the server does not report it.
    package func status(of server: String? = nil) async throws(RedisError) -> RedisServerStatus {
        // A second section in one command needs Redis 7.
        let process = try await send(RedisCommand("INFO", "server"), to: server).string ?? ""
        let replication = try await send(RedisCommand("INFO", "replication"), to: server).string ?? ""
        guard let status = RedisServerStatus(info: process + "\r\n" + replication) else {
            throw RedisError(.protocolViolation, "INFO replied in an unknown form", mayHaveRun: false)
        }
        return status
    }
}
