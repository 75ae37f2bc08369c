import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// A TCP proxy that simulates network faults between the programs and Redis, or between clients and the API.
package final class FaultProxy: Sendable {
    package enum Mode: Sendable {
        case pass
        /// Requests are dropped.
        case dropRequests
        /// Replies are dropped: the server has executed the request, and the client receives no reply.
        case dropReplies
        /// Nothing is transmitted, without an error: half-open connections.
        case freeze
        /// New connections are closed.
        case refuse
    }

    private let mode = NIOLockedValueBox(Mode.pass)
    private let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
    private let listener = NIOLockedValueBox<(any Channel)?>(nil)
    private let target: SocketAddress
    package let port: Int

    package static func start(to target: SocketAddress) async throws -> FaultProxy {
        let proxy = FaultProxy(target, port: try freePort())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { proxy.relay($0) }
            .bind(host: "127.0.0.1", port: proxy.port).get()
        proxy.listener.withLockedValue { $0 = channel }
        return proxy
    }

    private init(_ target: SocketAddress, port: Int) {
        self.target = target
        self.port = port
    }

    /// Sets the mode. Back at `pass` it closes all connections, because the streams of those that lost bytes are
    /// corrupt.
    package func set(_ wanted: Mode) {
        let before = mode.withLockedValue { mode in
            defer { mode = wanted }
            return mode
        }
        if case .pass = wanted, case .pass = before { return }
        if case .pass = wanted { cut() }
    }

    /// Closes all connections.
    package func cut() {
        for channel in channels.withLockedValue({ Array($0.values) }) { channel.close(promise: nil) }
    }

    package func stop() async {
        try? await listener.withLockedValue { $0 }?.close()
        cut()
    }

    private func relay(_ client: any Channel) -> EventLoopFuture<Void> {
        if case .refuse = mode.withLockedValue({ $0 }) { return client.close() }
        keep(client)
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(to: target)
            .flatMap { server in
                self.keep(server)
                return client.pipeline.addHandler(Relay(to: server) { self.transmits(.dropRequests) })
                    .flatMap { server.pipeline.addHandler(Relay(to: client) { self.transmits(.dropReplies) }) }
                    .flatMap { client.setOption(.autoRead, value: true) }
                    .flatMap { server.setOption(.autoRead, value: true) }
            }
            .flatMapError { _ in client.close() }
    }

    /// Whether the mode transmits bytes in the direction that `dropping` would drop.
    private func transmits(_ dropping: Mode) -> Bool {
        switch (mode.withLockedValue { $0 }, dropping) {
        case (.freeze, _), (.dropRequests, .dropRequests), (.dropReplies, .dropReplies): false
        default: true
        }
    }

    private func keep(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.withLockedValue { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in self.channels.withLockedValue { $0[id] = nil } }
    }
}

/// Writes what one channel reads to another channel.
private final class Relay: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let isOpen: @Sendable () -> Bool

    init(to peer: any Channel, isOpen: @escaping @Sendable () -> Bool) {
        self.peer = peer
        self.isOpen = isOpen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOpen() { peer.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
