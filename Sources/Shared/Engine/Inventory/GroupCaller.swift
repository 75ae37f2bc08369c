import Metrics
import NIOCore
import RedisClient
import RedisSchema

/// Things that are put to one call of a script, and how its answer reads. No I/O.
protocol ScriptGroup: SendableMetatype {
    associatedtype Member
    associatedtype Outcome

    /// Members in one call at most.
    static var sizeLimit: Int { get }

    init(_ members: [Member])

    /// - Parameter queueLimit: length of the queue at which nothing new is let in.
    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall

    /// One outcome for each member, in their order.
    func outcomes(of reply: RESPValue) throws(RedisError) -> [Outcome]
}

/// Puts members to a script in groups, on the event loop of one connection: while one call is under way the members that
/// arrive wait, and the next call carries them all. At rest a group is one and nobody waits; under load the cost of a
/// call, and of the disk's sync behind it, is shared (as group commit does in databases).
final class GroupCaller<Group: ScriptGroup> {
    typealias Completion = (Result<Group.Outcome, RedisError>) -> Void

    private let connection: RedisConnection
    private let keys: Keyspace
    private let fence: Fence
    private let queueLimit: Int
    private let waitingLimit: Int
    private let groupSize: Recorder
    private var waiting = CircularBuffer<(member: Group.Member, completion: Completion)>()
    private var isInFlight = false

    /// - Parameters:
    ///   - waitingLimit: members that may wait for the next call.
    ///   - metric: name of the metric that records the groups' sizes.
    init(connection: RedisConnection, keys: Keyspace, fence: Fence, queueLimit: Int, waitingLimit: Int, metric: String)
    {
        self.connection = connection
        self.keys = keys
        self.fence = fence
        self.queueLimit = queueLimit
        self.waitingLimit = waitingLimit
        groupSize = Recorder(label: metric)
    }

    /// Puts a member into the next group. The completion is called exactly once, on the event loop.
    func add(_ member: Group.Member, completion: @escaping Completion) {
        guard waiting.count < waitingLimit else {
            completion(.failure(RedisError(.overloaded, "\(waitingLimit) requests wait already", mayHaveRun: false)))
            return
        }
        waiting.append((member, completion))
        guard !isInFlight else { return }
        isInFlight = true
        // Not at once but at the end of this turn of the loop, so that all requests read in it are in the group.
        connection.eventLoop.assumeIsolated().execute { self.sendGroup() }
    }

    private func sendGroup() {
        guard !waiting.isEmpty else {
            isInFlight = false
            return
        }
        let members = Array(waiting.prefix(Group.sizeLimit))
        waiting.removeFirst(members.count)
        groupSize.record(Int64(members.count))
        let group = Group(members.map(\.member))
        let call = group.call(in: keys, queueLimit: queueLimit)
        connection.evaluateOnLoop(call, in: keys, behind: fence) { result in
            switch result.flatMap({ reply in Result { () throws(RedisError) in try group.outcomes(of: reply) } }) {
            case .success(let outcomes):
                for (member, outcome) in zip(members, outcomes) { member.completion(.success(outcome)) }
            case .failure(let error):
                for member in members { member.completion(.failure(error)) }
            }
            // Not from within: a refusal comes back at once, and many of them would pile up on the stack.
            self.connection.eventLoop.assumeIsolated().execute { self.sendGroup() }
        }
    }
}
