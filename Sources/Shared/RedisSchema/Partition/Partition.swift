package import NIOCore
package import RedisClient

/// A partition of Redis: its keys, its connection, and the fence that determines whether it can be used. Only a
/// partition can run a ``PartitionScript``.
package struct Partition: Sendable {
    package let keys: Keyspace
    package let connection: RedisConnection
    package let fence: Fence
    /// The run id of the server process on which scripts without a fence run; nil for any. On another server process
    /// they fail with ``RedisError/Code/preconditionFailed``.
    package let server: String?

    package init(_ keys: Keyspace, on connection: RedisConnection, fence: Fence, server: String? = nil) {
        self.keys = keys
        self.connection = connection
        self.fence = fence
        self.server = server
    }

    /// Whether the partition can be used at the moment.
    package var isOpen: Bool { fence.isOpen(keys) }

    /// The progress of the partition's recovery when this process last checked.
    package var recovery: RecoveryProgress { isOpen ? fence.progress(keys) : fence.progress(keys).whileClosed }

    /// Runs a script.
    ///
    /// Throws ``RedisError/Code/preconditionFailed`` if the script's fence does not hold: then nothing was changed.
    package func run<Script: PartitionScript>(_ script: Script) async throws(RedisError) -> Script.Reply {
        let call = try call(script)
        let reply: RESPValue
        do throws(RedisError) {
            reply = try await connection.evaluate(call)
        } catch {
            throw note(error, of: script)
        }
        return try script.decode(reply)
    }

    /// Queues the call of a script and returns at once. Calls that one task queues are sent in that order.
    package func pipeline<Script: PartitionScript>(
        _ script: Script
    ) throws(RedisError) -> EventLoopFuture<Script.Reply> where Script.Reply: Sendable {
        let call = try call(script)
        return connection.pipeline(call).flatMapErrorThrowing { error in
            throw (error as? RedisError).map { note($0, of: script) } ?? error
        }.flatMapThrowing { try script.decode($0) }
    }

    /// Runs a script. Must be called on the connection's event loop. The completion is called there, exactly once.
    package func runOnLoop<Script: PartitionScript>(
        _ script: Script, completion: @escaping (Result<Script.Reply, RedisError>) -> Void
    ) {
        let call: RedisScriptCall
        do throws(RedisError) {
            call = try self.call(script)
        } catch {
            return completion(.failure(error))
        }
        connection.evaluateOnLoop(call) { result in
            let result = result.mapError { note($0, of: script) }
            completion(result.flatMap { reply in Result { () throws(RedisError) in try script.decode(reply) } })
        }
    }

    private func call(_ script: some PartitionScript) throws(RedisError) -> RedisScriptCall {
        switch script.fence {
        case .none:
            return script.call(in: keys, epoch: nil, on: server)
        case .epoch:
            let pass = try fence.requirePass(keys)
            return script.call(in: keys, epoch: pass.epoch, on: pass.server)
        }
    }

    private func note(_ error: RedisError, of script: some PartitionScript) -> RedisError {
        guard script.fence == .epoch else { return error }
        let error = error.recognizingFence
        fence.note(error, in: keys)
        return error
    }
}

extension PartitionScript {
    /// The call for one partition.
    ///
    /// - Parameters:
    ///   - epoch: the epoch that the partition must have; nil for a call without a fence.
    ///   - server: the run id of the only server process that can run the call; nil for any.
    func call(in keys: Keyspace, epoch: String?, on server: String? = nil) -> RedisScriptCall {
        var encoder = ScriptEncoder(Self.lua.script, keys: keys)
        encode(into: &encoder)
        var call = encoder.call
        call.append(key: keys.epoch)
        call.append(epoch ?? "")
        call.server = server
        return call
    }
}
