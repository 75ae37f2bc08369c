import NIOCore

/// Calls of scripts, and their waits for replicas.
///
/// All calls of one turn of the event loop that wait for replicas share one WAIT, which follows them on the same connection:
/// a WAIT after each would keep the next call from running until the replicas have answered. WAIT counts the replicas that
/// have the writes of its own connection; on another one it would mean nothing.
extension RedisConnectionCore {
    typealias ScriptCompletion = (Result<RedisScriptReply, RedisError>) -> Void

    /// A call that was sent, and its reply as soon as it is there.
    final class VolleyCall {
        let replicas: Int
        let completion: ScriptCompletion
        var reply: Result<RESPValue, RedisError> = .failure(RedisError(.closed, "not sent", mayHaveRun: false))

        init(replicas: Int, completion: @escaping ScriptCompletion) {
            self.replicas = replicas
            self.completion = completion
        }
    }

    /// Runs a script by its digest; if Redis does not have the script, runs it once more with its source.
    func evaluate(_ call: RedisScriptCall, deadline: NIODeadline, completion: @escaping ScriptCompletion) {
        evaluate(call, call.command(digest: digests[call.script]), deadline: deadline) { [self] result in
            if case .failure(let error) = result, error.serverCode == "NOSCRIPT" {
                evaluate(call, call.command(digest: nil), deadline: deadline, completion: completion)
            } else {
                completion(result)
            }
        }
    }

    private func evaluate(
        _ call: RedisScriptCall, _ command: RedisCommand, deadline: NIODeadline,
        completion: @escaping ScriptCompletion
    ) {
        guard call.replicas > 0 else {
            return send(command, to: call.server, deadline: deadline) { result in
                completion(result.map { RedisScriptReply(value: $0, isReplicated: true) })
            }
        }
        let member = VolleyCall(replicas: call.replicas, completion: completion)
        send(command, to: call.server, deadline: deadline) { member.reply = $0 }
        volley.append(member)
        guard volley.count == 1 else { return }
        eventLoop.assumeIsolated().execute { self.sendWait(deadline: deadline) }
    }

    /// Replies arrive in order, so those of the calls are there when that of WAIT arrives.
    private func sendWait(deadline: NIODeadline) {
        let members = volley
        volley.removeAll(keepingCapacity: true)
        let replicas = members.map(\.replicas).max() ?? 0
        let timeout = String(configuration.replicaTimeout.nanoseconds / 1_000_000)
        send(RedisCommand("WAIT", String(replicas), timeout), deadline: deadline) { count in
            let reached = (try? count.get().integer) ?? 0
            for member in members {
                let isReplicated = reached >= Int64(member.replicas)
                member.completion(member.reply.map { RedisScriptReply(value: $0, isReplicated: isReplicated) })
            }
        }
    }
}
