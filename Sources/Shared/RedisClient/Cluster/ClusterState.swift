package import NIOCore

/// What a client knows of a cluster: the map of its slots, when to ask for it again, and which node to ask. No I/O.
///
/// One request for the map is under way at a time. The next one follows when somebody has a reason to doubt the map, no
/// sooner than ``shortestInterval`` after the last one, and at least every ``longestInterval``.
package struct ClusterState: Sendable {
    package typealias Address = RedisURL.Address

    static let shortestInterval = TimeAmount.milliseconds(100)
    static let longestInterval = TimeAmount.seconds(10)
    static let longestBackoff = TimeAmount.seconds(1)

    /// The map with all redirections that came since.
    package private(set) var map: SlotMap?
    /// The map as a node sent it.
    private var answer: SlotMap?
    /// The nodes that the settings name.
    private let seeds: [Address]
    /// The nodes that the next requests go to, in turn.
    private var candidates: [Address]
    private var failures = 0
    private var isLooking = false
    private var isInDoubt = true
    private var lastLook: NIODeadline?

    /// - Parameter seeds: the nodes that the settings name; at least one.
    package init(seeds: [Address]) {
        self.seeds = seeds
        candidates = seeds
    }

    /// The time of the next request; nil while one is under way.
    ///
    /// - Parameter jitter: from 0 to 1: clients that lost the same node do not ask at the same time.
    package func nextLook(jitter: Double) -> NIODeadline? {
        guard !isLooking else { return nil }
        guard let lastLook else { return .now() }
        guard isInDoubt else { return lastLook + Self.longestInterval }
        var interval = Self.shortestInterval.nanoseconds << min(failures, 10)
        interval = min(interval, Self.longestBackoff.nanoseconds)
        return lastLook + .nanoseconds(interval / 2 + Int64(Double(interval / 2) * jitter))
    }

    /// Begins a request. Returns the node to ask.
    package mutating func beginLook(at now: NIODeadline) -> Address {
        isLooking = true
        isInDoubt = false
        lastLook = now
        let next = candidates.removeFirst()
        candidates.append(next)
        return next
    }

    /// A node sent a map. Returns whether the known map changed.
    ///
    /// A node can be behind: an answer that is the same as the last one does not undo the redirections that came since.
    @discardableResult
    package mutating func didLook(_ found: SlotMap) -> Bool {
        isLooking = false
        failures = 0
        guard found != answer else { return false }
        answer = found
        let changed = found != map
        map = found
        // The nodes that are known to be alive first. The settings' nodes may all have been replaced.
        var all: [Address] = []
        for address in found.primaries + found.replicas + seeds where !all.contains(address) { all.append(address) }
        candidates = all
        return changed
    }

    /// The node did not answer, or its map was of no use: the next candidate is asked.
    package mutating func didFailToLook() {
        isLooking = false
        isInDoubt = true
        failures += 1
    }

    /// Notes that the map may be wrong.
    package mutating func doubt() { isInDoubt = true }

    /// Notes a redirection of a slot that is assigned to another node.
    package mutating func didMove(_ slot: HashSlot, to address: Address) {
        isInDoubt = true
        map?.move(slot, to: address)
        if !candidates.contains(address) { candidates.insert(address, at: 0) }
    }
}
