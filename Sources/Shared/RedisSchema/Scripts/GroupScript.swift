import RedisClient

/// A script that processes many members in one call and replies with one outcome for each, in their order.
package protocol GroupScript: PartitionScript where Reply == [Outcome] {
    associatedtype Member
    associatedtype Outcome

    /// Maximum number of members in one call.
    static var sizeLimit: Int { get }

    /// - Parameter queueLimit: the length of the queue at which nothing new is accepted.
    init(_ members: [Member], queueLimit: Int)
}
