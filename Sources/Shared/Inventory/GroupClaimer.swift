import Metrics
import NIOCore

/// Claims stock in groups, on the event loop of one connection: while one call is under way the claims that arrive wait, and the next call
/// carries them all. At rest a group is one claim and nobody waits; under load the cost of a call, and of the disk's sync
/// behind it, is shared (as group commit does in databases).
final class GroupClaimer {
    typealias Completion = (Result<ClaimOutcome, RedisError>) -> Void

    private let connection: RedisConnection
    private let keys: Keyspace
    private let queueLimit: Int
    private let waitingLimit: Int
    private let groupSize = Recorder(label: "ticketblitz_claim_group_size")
    private var waiting = CircularBuffer<(purchase: Purchase, completion: Completion)>()
    private var isUnderWay = false

    init(connection: RedisConnection, keys: Keyspace, queueLimit: Int, waitingLimit: Int) {
        self.connection = connection
        self.keys = keys
        self.queueLimit = queueLimit
        self.waitingLimit = waitingLimit
    }

    /// Puts a claim into the next group. The completion is called exactly once, on the event loop.
    func claim(_ purchase: Purchase, completion: @escaping Completion) {
        guard waiting.count < waitingLimit else {
            completion(.failure(RedisError(.overloaded, "\(waitingLimit) claims wait already", mayHaveRun: false)))
            return
        }
        waiting.append((purchase, completion))
        guard !isUnderWay else { return }
        isUnderWay = true
        // Not at once but at the end of this turn of the loop, so that all requests read in it are in the group.
        connection.eventLoop.assumeIsolated().execute { self.sendGroup() }
    }

    private func sendGroup() {
        guard !waiting.isEmpty else {
            isUnderWay = false
            return
        }
        let members = Array(waiting.prefix(ClaimGroup.sizeLimit))
        waiting.removeFirst(members.count)
        groupSize.record(Int64(members.count))
        let group = ClaimGroup(members.map(\.purchase))
        connection.evaluateOnLoop(group.call(in: keys, queueLimit: queueLimit)) { result in
            switch result.flatMap({ reply in Result { () throws(RedisError) in try group.outcomes(of: reply) } }) {
            case .success(let outcomes):
                for (member, outcome) in zip(members, outcomes) { member.completion(.success(outcome)) }
            case .failure(let error):
                for member in members { member.completion(.failure(error)) }
            }
            self.sendGroup()
        }
    }
}
