import NIOCore

/// Streams of server-sent events, which the connection writes as bytes.
extension ConnectionHandler: LiveSink {
    /// The send buffer of the system for a stream, in bytes: a client that does not read costs no more.
    private static let sendBuffer: SocketOptionValue = 16 * 1024

    var takesMore: Bool {
        guard let context, context.channel.isWritable else { return false }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0
    }

    func send(_ message: LiveMessage) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(streamIsChunked ? message.chunk : message.text), promise: nil)
    }

    func end(reconnects: Bool) { run(.streamEnded(reconnects: reconnects), from: .none) }

    func cutOff() {
        guard let context else { return }
        ClientFault.tooSlow.count()
        abort(context)
    }

    func beginStream(_ start: LiveStart, isChunked: Bool) {
        streamIsChunked = isChunked
        viewer = responder?.begin(start, self)
        if viewer == nil { end(reconnects: true) }
    }

    /// Writes the end of a stream.
    func endStream(reconnects: Bool, isChunked: Bool, closes: Bool, _ context: ChannelHandlerContext) {
        forgetViewer()
        var rest = ByteBuffer()
        if reconnects {
            let retry = LiveMessage.retry(in: 1000...5000)
            rest.writeImmutableBuffer(isChunked ? retry.chunk : retry.text)
        }
        if isChunked { rest.writeImmutableBuffer(LiveMessage.lastChunk) }
        let written = context.writeAndFlush(wrapOutboundOut(rest))
        if closes { closeAfter(written, context) }
    }

    func forgetViewer() {
        if let viewer { responder?.end(viewer) }
        viewer = nil
    }

    /// Writes the head of a response that is a stream, and the first message, whose bytes all viewers share.
    func write(_ head: ByteBuffer, _ first: LiveMessage?, isChunked: Bool, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
        context.write(wrapOutboundOut(head), promise: nil)
        if let first { context.write(wrapOutboundOut(isChunked ? first.chunk : first.text), promise: nil) }
        context.flush()
    }
}
