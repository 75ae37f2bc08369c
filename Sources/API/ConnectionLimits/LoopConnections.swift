import DequeModule
import NIOCore

/// A connection that another one can take the place of. Used on its event loop only.
protocol EvictableConnection: AnyObject {
    /// Since when the connection has been idle; nil if it cannot make way.
    var idleSince: NIODeadline? { get }
    /// Whether the client has sent a request.
    var hasSentRequest: Bool { get }
    var addressConnections: AddressConnections? { get }
    /// Its position among the connections of its event loop.
    var position: Int { get set }
    func evict()
}

/// A connection that waits for a place. Used on its event loop only.
protocol ParkedConnection: AnyObject {
    var addressConnections: AddressConnections? { get }
    /// Nil if the connection has closed.
    var waitsSince: NIODeadline? { get }
    func serve()
    /// Closes the connection.
    func refuse()
}

/// The connections of one event loop. Used on its event loop only.
final class LoopConnections {
    /// The connections that are compared. Comparing all would cost more, for each new connection, the more there are.
    private static let sampleSize = 32
    /// A connection gives way to one of an address with about as many connections only if it has been idle for so long; a new
    /// connection, whose first request can be on its way, for ten times as long.
    private static let idleTime = TimeAmount.milliseconds(500)
    /// The maximum time to wait for a place.
    private static let waitTime = TimeAmount.seconds(30)

    private var all: [any EvictableConnection] = []
    /// The connections that wait for a place, the oldest first.
    private(set) var parked = Deque<any ParkedConnection>()

    func park(_ connection: any ParkedConnection) { parked.append(connection) }

    /// Serves connections that wait, as far as there are places, and ends those that are closed or have waited too long.
    ///
    /// - Parameter hasPlace: whether a connection of an address has a place now.
    func admitParked(at now: NIODeadline, hasPlace: (AddressConnections) -> Bool) {
        parked.removeAll { $0.waitsSince == nil }
        while let connection = parked.first {
            if connection.waitsSince.map({ now - $0 > Self.waitTime }) ?? true {
                parked.removeFirst()
                connection.refuse()
            } else if let address = connection.addressConnections, hasPlace(address) {
                parked.removeFirst()
                connection.serve()
            } else {
                return
            }
        }
    }

    func add(_ connection: any EvictableConnection) {
        connection.position = all.count
        all.append(connection)
    }

    func remove(_ connection: any EvictableConnection) {
        let position = connection.position
        guard position < all.count, all[position] === connection else { return }
        all.swapAt(position, all.count - 1)
        all.removeLast()
        if position < all.count { all[position].position = position }
    }

    /// Closes a connection so that a new one has a place: of a random sample, one of the address with the most connections;
    /// if these are about as many, the one that has been idle for the longest time.
    ///
    /// - Returns: whether there is one.
    func makePlace(for newcomer: AddressConnections, at now: NIODeadline) -> Bool {
        var victim: (connection: any EvictableConnection, rank: Rank)?
        for connection in sample() {
            guard let rank = rank(connection, beside: newcomer, at: now) else { continue }
            if let best = victim, !(best.rank < rank) { continue }
            victim = (connection, rank)
        }
        victim?.connection.evict()
        return victim != nil
    }

    /// The order in which connections make way.
    private struct Rank: Comparable {
        /// The magnitude of the number of connections of the address.
        var connections: Int
        var idleTime: TimeAmount

        static func < (one: Rank, other: Rank) -> Bool {
            (one.connections, one.idleTime) < (other.connections, other.idleTime)
        }
    }

    private func rank(
        _ connection: any EvictableConnection, beside newcomer: AddressConnections, at now: NIODeadline
    ) -> Rank? {
        guard let since = connection.idleSince, let address = connection.addressConnections else { return nil }
        let rank = Rank(connections: Int.bitWidth - address.count.leadingZeroBitCount, idleTime: now - since)
        let isOfGreedyAddress = address.count > 2 * newcomer.count
        let idleTime = connection.hasSentRequest ? Self.idleTime : Self.idleTime * 10
        return isOfGreedyAddress || rank.idleTime >= idleTime ? rank : nil
    }

    private func sample() -> [any EvictableConnection] {
        guard all.count > Self.sampleSize else { return all }
        return (0..<Self.sampleSize).map { _ in all[Int.random(in: 0..<all.count)] }
    }
}
