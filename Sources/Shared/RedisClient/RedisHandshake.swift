/// The commands that open a connection, in their order. No I/O.
enum RedisHandshake {
    struct Step {
        var command: RedisCommand
        /// The effect of a successful reply.
        var effect: Effect
    }

    enum Effect: Hashable {
        case none
        /// The reply is the digest of a script.
        case scriptLoaded(RedisScript)
        /// The reply has the run id of the server process.
        case serverIdentified
        /// The connection is ready.
        case ready
    }

    /// Authenticates, selects the database, loads the scripts, identifies the server and subscribes to channels.
    static func steps(_ configuration: RedisConfiguration) -> [Step] {
        var steps: [Step] = []
        func add(_ command: RedisCommand, _ effect: Effect = .none) {
            steps.append(Step(command: command, effect: effect))
        }
        let url = configuration.url
        if let password = url.password {
            add(url.user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password))
        }
        if url.database != 0 { add(RedisCommand("SELECT", String(url.database))) }
        for script in configuration.scripts {
            add(RedisCommand("SCRIPT", "LOAD", script.source), .scriptLoaded(script))
        }
        if let subscription = configuration.subscription {
            // The channels of one command must be in one slot, and it replies once for each, so each has its own command.
            for channel in subscription.channels { add(RedisCommand("SSUBSCRIBE", channel)) }
        } else {
            add(RedisCommand("INFO", "server"), .serverIdentified)
        }
        add(RedisCommand("PING"), .ready)
        return steps
    }

    /// The run id in the reply to `INFO server`. A server process keeps its run id until it ends.
    static func runID(_ info: RESPValue) -> String? {
        info.string?.split(whereSeparator: \.isNewline).first { $0.hasPrefix("run_id:") }
            .map { String($0.dropFirst("run_id:".count)) }
    }
}
