import Foundation
import NIOCore
import Runtime

/// The connection among the others: its place, and what its client has not taken.
extension ConnectionHandler: EvictableConnection {
    var idleSince: NIODeadline? { state.isEvictable ? state.lastActivity : nil }

    var hasSentRequest: Bool { state.turnCount > 0 }

    func evict() { run(.evicted, from: .none) }

    /// Counts the connection.
    ///
    /// - Returns: whether it is served, perhaps later.
    func admit(_ context: ChannelHandlerContext) -> Bool {
        guard let table = services.table, let loopConnections else { return true }
        let now = context.eventLoop.now
        guard let peer = context.remoteAddress.flatMap({ IPAddress($0) }) else { return false }
        switch table.admit(peer, to: loopConnections, at: now) {
        case .active(let entry):
            addressConnections = entry
            loopConnections.add(self)
        case .parked(let entry):
            addressConnections = entry
            waitsSince = now
            loopConnections.park(self)
            if loopConnections.parked.count == 1 { admitParked(context.eventLoop, table, loopConnections) }
        case .refused: return false
        }
        return true
    }

    /// Looks for places every 50 milliseconds, while connections wait for one.
    private func admitParked(_ eventLoop: any EventLoop, _ table: ConnectionTable, _ connections: LoopConnections) {
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(50)) { [self] in
            let now = eventLoop.now
            connections.admitParked(at: now) { table.findPlace(for: $0, in: connections, at: now) }
            if !connections.parked.isEmpty { admitParked(eventLoop, table, connections) }
        }
    }

    func dismiss() {
        guard let addressConnections, let table = services.table else { return }
        self.addressConnections = nil
        if waitsSince == nil {
            countUnsent(0, of: addressConnections)
            loopConnections?.remove(self)
            table.book.close(addressConnections)
        } else {
            waitsSince = nil
            table.book.unpark()
            table.book.forget(addressConnections)
        }
    }

    func becameWritable() {
        if let addressConnections { countUnsent(0, of: addressConnections) }
        run(.writable, from: .none)
    }

    func becameUnwritable(_ context: ChannelHandlerContext) {
        let unsent = unsent(context)
        if addressConnections.map({ countUnsent(unsent.bytes, of: $0) }) ?? true {
            run(.unwritable(unsent), from: .none)
        } else {
            // The address has asked for much more than it takes.
            ClientFault.tooSlow.count()
            abort(context)
        }
    }

    /// Closes the connection with a reset, so that the system does not keep what is unsent either.
    func abort(_ context: ChannelHandlerContext) {
        _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
    }

    /// - Returns: whether the address has taken enough.
    @discardableResult private func countUnsent(_ bytes: Int, of address: AddressConnections) -> Bool {
        guard let table = services.table, bytes != countedUnsent else { return true }
        let change = bytes - countedUnsent
        countedUnsent = bytes
        return table.book.addUnsent(change, of: address) || change < 0
    }

    func unsent(_ context: ChannelHandlerContext) -> ConnectionState.Unsent {
        let bytes = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        return .init(bytes: bytes, taken: bytes > 0 ? context.channel.acknowledgedBytes : 0)
    }
}

/// The connection while it waits for a place: nothing is read from it.
extension ConnectionHandler: ParkedConnection {
    func serve() {
        waitsSince = nil
        services.table?.book.unpark()
        loopConnections?.add(self)
        readIfPending()
    }

    func refuse() {
        guard waitsSince != nil else { return }
        services.table?.countRefusal(.full)
        context?.close(promise: nil)
    }
}

extension Channel {
    /// The bytes that the peer has acknowledged since the connection opened; 0 if the channel is not a TCP socket. Called on
    /// the event loop.
    fileprivate var acknowledgedBytes: UInt64 {
        guard let socket = self as? any SocketOptionProvider else { return 0 }
        // The beginning of Linux's `struct tcp_info`, in words of 8 bytes. `tcpi_bytes_acked` is at byte 120 since Linux 4.1
        // (include/uapi/linux/tcp.h); the C library's declaration ends before it.
        let information: EventLoopFuture<SIMD16<UInt64>> = socket.unsafeGetSocketOption(level: .tcp, name: .tcp_info)
        var acknowledged: UInt64 = 0
        // The future is complete on the event loop.
        information.assumeIsolated().whenSuccess { acknowledged = $0[15] }
        return acknowledged
    }
}
