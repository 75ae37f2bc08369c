import Metrics
import NIOCore
import Runtime

/// Accepts the connections of all event loops within their limits. When all places are taken, idle connections make way; if
/// none can, new ones wait for a place.
struct ConnectionTable: Sendable {
    private static let refused = ConnectionRefusal.allCases.map { reason in
        (reason, Counter(label: "ticketblitz_connections_refused_total", dimensions: [("reason", reason.rawValue)]))
    }
    private static let evicted = Counter(label: "ticketblitz_connections_evicted_total")

    enum Admission {
        case active(AddressConnections)
        case parked(AddressConnections)
        case refused
    }

    let book: ConnectionBook
    private let loops: [(eventLoop: any EventLoop, connections: NIOLoopBound<LoopConnections>)]

    init(_ limits: ConnectionLimits, proxies: TrustedProxies, group: any EventLoopGroup) async throws {
        book = ConnectionBook(limits, proxies: proxies)
        var loops: [(any EventLoop, NIOLoopBound<LoopConnections>)] = []
        for eventLoop in group.makeIterator() {
            let connections = try await eventLoop.submit {
                NIOLoopBound(LoopConnections(), eventLoop: eventLoop)
            }.get()
            loops.append((eventLoop, connections))
        }
        self.loops = loops
    }

    /// The connections of the current event loop; nil if it is not one of the group.
    var current: LoopConnections? { loops.first { $0.eventLoop.inEventLoop }?.connections.value }

    /// Counts a new connection, and closes another one if necessary. Called on the connection's event loop.
    func admit(_ peer: IPAddress, to loop: LoopConnections, at now: NIODeadline) -> Admission {
        switch book.open(peer) {
        case .accepted(let entry):
            return .active(entry)
        case .needsPlace(let entry):
            if findPlace(for: entry, in: loop, at: now) { return .active(entry) }
            if book.park() { return .parked(entry) }
            book.forget(entry)
            countRefusal(.full)
            return .refused
        case .refused(let reason):
            countRefusal(reason)
            return .refused
        }
    }

    /// Finds a place for a connection that waits for one.
    func findPlace(for entry: AddressConnections, in loop: LoopConnections, at now: NIODeadline) -> Bool {
        if book.takeFree(entry) { return true }
        guard loop.makePlace(for: entry, at: now) else { return false }
        Self.evicted.increment()
        book.take()
        return true
    }

    func countRefusal(_ reason: ConnectionRefusal) {
        Self.refused.first { $0.0 == reason }?.1.increment()
    }
}
