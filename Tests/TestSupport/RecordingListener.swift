import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// An HTTP server that responds 204 to everything and records the bytes that it received.
package final class RecordingListener: Sendable {
    package let port: Int
    private let bytes: NIOLockedValueBox<ByteBuffer>
    private let channel: any Channel

    package var received: String { bytes.withLockedValue { String(buffer: $0) } }

    fileprivate init() async throws {
        let bytes = NIOLockedValueBox(ByteBuffer())
        self.bytes = bytes
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Recorder(bytes))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    fileprivate func stop() async { try? await channel.close() }
}

private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: NIOLockedValueBox<ByteBuffer>

    init(_ bytes: NIOLockedValueBox<ByteBuffer>) { self.bytes = bytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isComplete = bytes.withLockedValue { bytes in
            bytes.writeImmutableBuffer(unwrapInboundIn(data))
            return bytes.readableBytesView.suffix(4).elementsEqual("\r\n\r\n".utf8)
        }
        guard isComplete else { return }
        let response = ByteBuffer(string: "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(response)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

/// Starts a listener for one test, runs `body`, and stops the listener, also if `body` throws.
package func withTestListener<Value>(_ body: (RecordingListener) async throws -> Value) async throws -> Value {
    let listener = try await RecordingListener()
    let result: Result<Value, any Error>
    do { result = .success(try await body(listener)) } catch { result = .failure(error) }
    await listener.stop()
    return try result.get()
}
