import NIOConcurrencyHelpers
import Runtime
import Synchronization

/// The limits of client connections.
struct ConnectionLimits: Hashable, Sendable {
    /// Connections that are served at the same time. While some make way, a few more are open.
    var total: Int
    /// Simultaneous connections of one address; nil: no limit of their number.
    var perAddress: Int?
    /// Bytes of responses that one address has not taken, above which its connections are closed.
    var unsentPerAddress = 8 << 20

    /// Places that only the first connection of an address takes, if no other connection can make way.
    var reserve: Int { total / 32 }
    /// Connections that wait for a place.
    var parked: Int { min(total + 64, 1024) }
}

enum ConnectionRefusal: String, Sendable, CaseIterable {
    /// Too many connections wait for a place, or this one has waited too long.
    case full
    /// The address has too many connections.
    case address
}

/// The connections of one address.
final class AddressConnections: Sendable {
    let address: IPAddress
    /// Trusted proxies connect for many clients.
    let isProxy: Bool
    fileprivate let open = Atomic(0)
    fileprivate let unsent = Atomic(0)

    init(address: IPAddress, isProxy: Bool) {
        self.address = address
        self.isProxy = isProxy
    }

    var count: Int { open.load(ordering: .relaxed) }
}

/// Counts the open connections of all event loops by their addresses, and decides which new ones are accepted.
final class ConnectionBook: Sendable {
    enum Admission: Sendable {
        case accepted(AddressConnections)
        /// All places are taken: see ``take()``, ``takeFree(_:)`` and ``park()``.
        case needsPlace(AddressConnections)
        case refused(ConnectionRefusal)
    }

    fileprivate struct State {
        /// Connections that are served.
        var active = 0
        /// Connections that wait for a place.
        var parked = 0
        var addresses: [IPAddress: AddressConnections] = [:]
    }

    let limits: ConnectionLimits
    private let proxies: TrustedProxies
    private let state = NIOLockedValueBox(State())

    init(_ limits: ConnectionLimits, proxies: TrustedProxies) {
        self.limits = limits
        self.proxies = proxies
    }

    /// Counts a new connection of an address. Unless it is refused, ``close(_:)`` or ``forget(_:)`` must be called
    /// when it has closed.
    func open(_ peer: IPAddress) -> Admission {
        state.withLockedValue { state in
            let address = peer.client
            let entry =
                state.addresses[address] ?? AddressConnections(address: address, isProxy: proxies.contains(peer))
            if let limit = limits.perAddress, !entry.isProxy, entry.count >= limit { return .refused(.address) }
            state.addresses[address] = entry
            entry.open.add(1, ordering: .relaxed)
            guard state.active < limits.total - limits.reserve else { return .needsPlace(entry) }
            state.active += 1
            return .accepted(entry)
        }
    }

    /// Gives the place of a connection that closes to another one.
    func take() { state.withLockedValue { $0.active += 1 } }

    /// Gives a place to a connection if one is free. The first connection of an address takes one of the reserve.
    func takeFree(_ entry: AddressConnections) -> Bool {
        state.withLockedValue { state in
            let isFirst = entry.count == 1 || entry.isProxy
            guard state.active < (isFirst ? limits.total : limits.total - limits.reserve) else { return false }
            state.active += 1
            return true
        }
    }

    /// Lets a connection wait for a place, unless too many do.
    func park() -> Bool {
        state.withLockedValue { state in
            guard state.parked < limits.parked else { return false }
            state.parked += 1
            return true
        }
    }

    func unpark() { state.withLockedValue { $0.parked -= 1 } }

    /// Counts a connection that was served as closed.
    func close(_ entry: AddressConnections) {
        state.withLockedValue { state in
            state.active -= 1
            state.remove(entry)
        }
    }

    /// Counts a connection that was not served as closed.
    func forget(_ entry: AddressConnections) {
        state.withLockedValue { $0.remove(entry) }
    }

    /// Changes the number of bytes that an address has not taken.
    ///
    /// - Returns: whether the number is within the limit.
    func addUnsent(_ bytes: Int, of entry: AddressConnections) -> Bool {
        entry.unsent.add(bytes, ordering: .relaxed).newValue <= limits.unsentPerAddress || entry.isProxy
    }
}

extension ConnectionBook.State {
    fileprivate mutating func remove(_ entry: AddressConnections) {
        if entry.open.subtract(1, ordering: .relaxed).newValue == 0 { addresses[entry.address] = nil }
    }
}
