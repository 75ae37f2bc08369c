package import NIOCore
package import RedisClient

/// A partition of Redis: its keys, the connections to its server, and the fence that determines whether it can be used. Only a
/// partition can run a ``PartitionScript``.
package struct Partition: Sendable {
    package let keys: Keyspace
    private let client: RedisClient
    /// The event loop of the connections; nil for the one that the caller runs on.
    private let eventLoop: (any EventLoop)?
    /// Whether scripts run on the connections for calls that wait for replicas.
    private let isForGroups: Bool
    package let fence: Fence
    /// The run id of the server process on which scripts without a fence run; nil for any. On another server process
    /// they fail with ``RedisError/Code/preconditionFailed``.
    package let server: String?

    /// - Parameters:
    ///   - eventLoop: the event loop of the connections, one of the client's; nil for the one that the caller runs on.
    ///   - isForGroups: whether scripts run on the connections for calls that wait for replicas, which are those of the
    ///     client's first event loop.
    package init(
        _ keys: Keyspace, of client: RedisClient, on eventLoop: (any EventLoop)? = nil, fence: Fence,
        server: String? = nil, isForGroups: Bool = false
    ) {
        self.keys = keys
        self.client = client
        self.eventLoop = eventLoop
        self.fence = fence
        self.server = server
        self.isForGroups = isForGroups
    }

    /// The same partition, of which also scripts without a fence run only on the server of the pass.
    package func bound(to pass: Fence.Pass) -> Partition {
        Partition(
            keys, of: client, on: eventLoop, fence: fence, server: pass.server, isForGroups: isForGroups)
    }

    /// The connection to the server that has the partition now.
    package var connection: RedisConnection {
        let node = client.node(of: keys.slot)
        if isForGroups { return node.waiting }
        return eventLoop.flatMap(node.connection(on:)) ?? node.connection
    }

    /// Whether the partition can be used at the moment.
    package var isOpen: Bool { fence.isOpen(keys) }

    /// The progress of the partition's recovery when this process last checked.
    package var recovery: RecoveryProgress { isOpen ? fence.progress(keys) : fence.progress(keys).whileClosed }

    /// The reply of a script.
    package struct Reply<Value> {
        package var value: Value
        /// Whether as many replicas as ``Durability`` requires have the script's writes.
        package var isReplicated: Bool
    }

    /// Runs a script.
    ///
    /// Throws ``RedisError/Code/preconditionFailed`` if the script's fence does not hold: then nothing was changed.
    package func run<Script: PartitionScript>(_ script: Script) async throws(RedisError) -> Script.Reply {
        try await runReplicated(script).value
    }

    /// As ``run(_:)``; also returns whether the replicas have the writes.
    package func runReplicated<Script: PartitionScript>(
        _ script: Script
    ) async throws(RedisError) -> Reply<Script.Reply> {
        let call = try call(script)
        let reply: RedisScriptReply
        do throws(RedisError) {
            reply = try await connection.evaluate(call)
        } catch {
            throw note(error, of: script)
        }
        return Reply(value: try script.decode(reply.value), isReplicated: reply.isReplicated)
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
        _ script: Script, completion: @escaping (Result<Reply<Script.Reply>, RedisError>) -> Void
    ) {
        let call: RedisScriptCall
        do throws(RedisError) {
            call = try self.call(script)
        } catch {
            return completion(.failure(error))
        }
        connection.evaluateOnLoop(call) { result in
            let result = result.mapError { note($0, of: script) }
            completion(
                result.flatMap { reply in
                    Result { () throws(RedisError) in
                        Reply(value: try script.decode(reply.value), isReplicated: reply.isReplicated)
                    }
                })
        }
    }

    /// Asks the server of a pass whether it still is a primary with the same data. If not, closes the partition.
    package func isServer(of pass: Fence.Pass) async throws(RedisError) -> Bool {
        let status = try await connection.status(of: pass.server)
        _ = fence.note(status, of: keys)
        return pass.isFor(status)
    }

    private func call<Script: PartitionScript>(_ script: Script) throws(RedisError) -> RedisScriptCall {
        var call: RedisScriptCall
        switch script.fence {
        case .none:
            call = script.call(in: keys, epoch: nil, on: server)
        case .epoch:
            let pass = try fence.requirePass(keys)
            call = script.call(in: keys, epoch: pass.epoch, on: pass.server)
        }
        if Script.waitsForReplicas { call.replicas = fence.replicas(keys) }
        return call
    }

    private func note(_ error: RedisError, of script: some PartitionScript) -> RedisError {
        guard script.fence == .epoch else { return error }
        let error = error.recognizingFence
        fence.note(error, in: keys)
        return error
    }
}

extension PartitionScript {
    /// The call for one partition. After its own keys, it declares the guard key and the epoch's key.
    ///
    /// - Parameters:
    ///   - epoch: the epoch that the partition must have; nil for a call without a fence.
    ///   - server: the run id of the only server process that can run the call; nil for any.
    func call(in keys: Keyspace, epoch: String?, on server: String? = nil) -> RedisScriptCall {
        var encoder = ScriptEncoder(Self.lua.script, keys: keys)
        encode(into: &encoder)
        var call = encoder.call
        call.append(key: keys.guardKey)
        call.append(key: keys.epoch)
        call.append(epoch ?? "")
        call.server = server
        return call
    }
}
