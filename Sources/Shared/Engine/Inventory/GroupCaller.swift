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
    private var waiting = CircularBuffer<(member: Script.Member, completion: Completion)>()
    private var isInFlight = false

    private var eventLoop: any EventLoop { partition.connection.eventLoop }

    /// - Parameters:
    ///   - queueLimit: the length of the queue at which nothing new is accepted.
    ///   - waitingLimit: maximum number of members that wait for the next call.
    ///   - metric: the name of the metric that records the sizes of the groups.
    init(_ partition: Partition, queueLimit: Int, waitingLimit: Int, metric: String) {
        self.partition = partition
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
        waiting.append((member, completion))
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
        groupSize.record(Int64(members.count))
        partition.runOnLoop(Script(members.map(\.member), queueLimit: queueLimit)) { result in
            switch result {
            case .success(let outcomes):
                for (member, outcome) in zip(members, outcomes) { member.completion(.success(outcome)) }
            case .failure(let error):
                for member in members { member.completion(.failure(error)) }
            }
            // Not in this call: a refusal completes at once, and many of them would nest on the stack.
            self.eventLoop.assumeIsolated().execute { self.sendGroup() }
        }
    }
}
