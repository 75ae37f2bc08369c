import RedisClient

/// A script that processes many members in one call and replies with one outcome for each, in their order.
package protocol GroupScript: PartitionScript where Reply == [Outcome] {
    associatedtype Member
    associatedtype Outcome

    /// Maximum number of members in one call.
    static var sizeLimit: Int { get }

    /// Whether an outcome tells its client that a write has been made. It is then no success before the replicas have it.
    static func isAcknowledgement(_ outcome: Outcome) -> Bool

    /// - Parameter queueLimit: the length of the queue at which nothing new is accepted.
    init(_ members: [Member], queueLimit: Int)
}
