import Metrics
import NIOCore
import RedisClient
import RedisSchema

/// Runs a script for groups of members, on the event loop of a partition's connection. While one call is in flight,
/// arriving members wait, and the next call processes them all. Without load, a group is one member and none waits.
/// Under load, the members share the cost of a call and of its disk sync, as in the group commit of databases.
final class GroupCaller<Script: GroupScript> {
    typealias Completion = (Result<Script.Outcome, RedisError>) -> Void

    private let partition: Partition
    private let queueLimit: Int
    private let waitingLimit: Int
    private let groupSize: Recorder
    private let fewReplicas = Counter(label: FewReplicas.metric, dimensions: [("call", Script.lua.script.name)])
    private struct Waiting {
        let member: Script.Member
        let completion: Completion
        /// Until when the member is held if its partition is closed.
        let heldUntil: NIODeadline
    }

    /// How long a member is held while its partition is closed or moves to another server. A planned failover takes less: its
    /// clients wait instead of being refused.
    private static var holdLimit: TimeAmount { .milliseconds(300) }
    private static var holdInterval: TimeAmount { .milliseconds(5) }

    private var waiting = CircularBuffer<Waiting>()
    private var isInFlight = false

    private let eventLoop: any EventLoop

    /// - Parameters:
    ///   - queueLimit: the length of the queue at which nothing new is accepted.
    ///   - waitingLimit: maximum number of members that wait for the next call.
    ///   - metric: the name of the metric that records the sizes of the groups.
    init(_ partition: Partition, queueLimit: Int, waitingLimit: Int, metric: String) {
        self.partition = partition
        eventLoop = partition.connection.eventLoop
        self.queueLimit = queueLimit
        self.waitingLimit = waitingLimit
        groupSize = Recorder(label: metric)
    }

    /// Adds a member to the next group. The completion is called exactly once, on the event loop.
    func add(_ member: Script.Member, completion: @escaping Completion) {
        guard waiting.count < waitingLimit else {
            completion(
                .failure(RedisError(.overloaded, "\(waitingLimit) requests are waiting already", mayHaveRun: false)))
            return
        }
        waiting.append(Waiting(member: member, completion: completion, heldUntil: .now() + Self.holdLimit))
        guard !isInFlight else { return }
        isInFlight = true
        // At the end of this turn of the loop, so that the group contains all requests that are read in it.
        eventLoop.assumeIsolated().execute { self.sendGroup() }
    }

    private func sendGroup() {
        guard !waiting.isEmpty else {
            isInFlight = false
            return
        }
        let members = Array(waiting.prefix(Script.sizeLimit))
        waiting.removeFirst(members.count)
        partition.runOnLoop(Script(members.map(\.member), queueLimit: queueLimit)) { result in
            switch result {
            case .success(let reply):
                if !reply.isReplicated { self.fewReplicas.increment() }
                for (member, outcome) in zip(members, reply.value) {
                    let isAcknowledged = reply.isReplicated || !Script.isAcknowledgement(outcome)
                    member.completion(isAcknowledged ? .success(outcome) : .failure(.notReplicated))
                }
            case .failure(let error) where error.isPassing:
                return self.hold(members, error)  // Not counted: they are sent again every few milliseconds.
            case .failure(let error):
                for member in members { member.completion(.failure(error)) }
            }
            self.groupSize.record(Int64(members.count))
            // Not in this call: a refusal completes at once, and many of them would nest on the stack.
            self.eventLoop.assumeIsolated().execute { self.sendGroup() }
        }
    }

    /// Sends the members, which have changed nothing, again after a while, except those that have been held long enough.
    private func hold(_ members: [Waiting], _ error: RedisError) {
        for member in members.reversed() { waiting.prepend(member) }
        let now = NIODeadline.now()
        while let first = waiting.first, first.heldUntil <= now {
            waiting.removeFirst()
            first.completion(.failure(error))
        }
        eventLoop.assumeIsolated().scheduleTask(in: Self.holdInterval) { self.sendGroup() }
    }
}

extension RedisError {
    /// Whether the call has changed nothing, for a reason that can pass within milliseconds: the partition is being compared
    /// with the ledger, or a failover or a migration of its slot is under way.
    fileprivate var isPassing: Bool {
        guard !mayHaveRun else { return false }
        if code == .preconditionFailed { return true }
        return [
            "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY", "NOREPLICAS",
        ].contains(serverCode)
    }
}
