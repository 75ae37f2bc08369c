/// Which node of a Redis Cluster each slot is assigned to. No I/O.
///
/// A map is a copy of what one node knew. A wrong entry costs a redirection: the node that is asked answers with MOVED.
package struct SlotMap: Hashable, Sendable {
    package typealias Address = RedisURL.Address

    private static let unassigned = UInt16.max

    /// The primary nodes, in the order in which they appeared.
    package private(set) var primaries: [Address] = []
    /// The replicas. They know the map too.
    package private(set) var replicas: [Address] = []
    /// For each slot the index of its primary in `primaries`.
    private var owners = [UInt16](repeating: SlotMap.unassigned, count: HashSlot.count)

    /// A map with one node, which has all slots.
    package init(_ only: Address) {
        primaries = [only]
        owners = [UInt16](repeating: 0, count: HashSlot.count)
    }

    /// - Parameters:
    ///   - reply: the reply to CLUSTER SLOTS.
    ///   - source: the address of the node that replied. A node that does not know its own address, or that of another
    ///     node, leaves it empty: then the host is that of the connection.
    package init(_ reply: RESPValue, from source: Address) throws(RedisError) {
        guard let ranges = reply.array else { throw Self.unreadable }
        for range in ranges {
            guard let range = range.array, range.count >= 3, let first = Self.slot(range[0]),
                let last = Self.slot(range[1]), first <= last, let primary = Self.address(range[2], source)
            else { throw Self.unreadable }
            assign(first...last, to: primary)
            for replica in range[3...].compactMap({ Self.address($0, source) }) where !replicas.contains(replica) {
                replicas.append(replica)
            }
        }
    }

    /// The primary of a slot; nil if the slot is assigned to none.
    package func primary(of slot: HashSlot) -> Address? {
        let owner = owners[slot.number]
        return owner == Self.unassigned ? nil : primaries[Int(owner)]
    }

    /// The primaries of these slots; all primaries if there are none.
    func primaries(of slots: [HashSlot]) -> [Address] {
        guard !slots.isEmpty else { return primaries }
        let wanted = Set(slots.map { owners[$0.number] })
        return primaries.indices.filter { wanted.contains(UInt16($0)) }.map { primaries[$0] }
    }

    /// Notes what a redirection said.
    package mutating func move(_ slot: HashSlot, to address: Address) {
        assign(slot.number...slot.number, to: address)
    }

    /// Whether each of the slots is assigned.
    package func covers(_ slots: some Sequence<HashSlot>) -> Bool {
        slots.allSatisfy { owners[$0.number] != Self.unassigned }
    }

    private mutating func assign(_ slots: ClosedRange<Int>, to address: Address) {
        let index = primaries.firstIndex(of: address) ?? primaries.count
        if index == primaries.count { primaries.append(address) }
        for slot in slots { owners[slot] = UInt16(index) }
    }

    private static func slot(_ value: RESPValue) -> Int? {
        value.integer.flatMap { HashSlot(Int($0))?.number }
    }

    private static func address(_ value: RESPValue, _ source: Address) -> Address? {
        guard let fields = value.array, fields.count >= 2, let port = fields[1].integer, (1...65_535).contains(port)
        else { return nil }
        return Redirection.address(host: fields[0].string ?? "", port: Int(port), from: source)
    }

    private static var unreadable: RedisError {
        RedisError(.protocolViolation, "CLUSTER SLOTS replied in an unknown form", mayHaveRun: false)
    }
}
