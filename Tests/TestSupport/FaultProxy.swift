import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A TCP proxy that can be told to be a bad network: between the programs and Redis, or between clients and the API.
package final class FaultProxy: Sendable {
    package enum Mode: Sendable {
        case pass
        /// What clients send does not arrive.
        case dropRequests
        /// What the server answers does not arrive: it has done what it was asked, and nobody is told.
        case dropReplies
        /// Nothing arrives, and nothing says so: half-open connections.
        case freeze
        /// Nobody is let in.
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

    /// What was dropped cannot be made up for, so that connections that lost something are closed when all is well again.
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
                return client.pipeline.addHandler(Relay(to: server) { self.lets(.dropRequests) })
                    .flatMap { server.pipeline.addHandler(Relay(to: client) { self.lets(.dropReplies) }) }
                    .flatMap { client.setOption(.autoRead, value: true) }
                    .flatMap { server.setOption(.autoRead, value: true) }
            }
            .flatMapError { _ in client.close() }
    }

    /// Whether what goes in the direction that `dropping` stops is let through now.
    private func lets(_ dropping: Mode) -> Bool {
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

/// Passes on what one channel reads to another.
private final class Relay: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let lets: @Sendable () -> Bool

    init(to peer: any Channel, lets: @escaping @Sendable () -> Bool) {
        self.peer = peer
        self.lets = lets
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if lets() { peer.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
