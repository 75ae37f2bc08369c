import NIOCore
import NIOPosix

/// A client that reads a response when it is told to: what it does not read stays in the server and the network.
final class SlowDownload {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    /// The number of bytes that have been read.
    private(set) var count = 0
    /// The last bytes.
    private(set) var tail: [UInt8] = []

    private init(_ stream: NIOAsyncChannelInboundStream<ByteBuffer>) { iterator = stream.makeAsyncIterator() }

    /// Reads a number of bytes, or to the end of the connection.
    func read(upTo limit: Int = .max) async {
        while count < limit {
            // A reset is an end too.
            guard let part = try? await iterator.next() else { return }
            count += part.readableBytes
            tail = (tail + part.readableBytesView.suffix(64)).suffix(64)
        }
    }

    /// Whether the body of chunks ended as HTTP requires.
    var isComplete: Bool { tail.suffix(5).elementsEqual("0\r\n\r\n".utf8) }

    /// Sends a request, runs `body`, and closes the connection.
    static func open<Value>(
        _ path: String, on port: Int, headers: [String: String], _ body: (SlowDownload) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: 16 * 1024)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            let fields = headers.map { "\($0): \($1)\r\n" }.joined()
            try await outbound.write(ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"))
            return try await body(SlowDownload(inbound))
        }
    }
}
