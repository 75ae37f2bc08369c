import NIOCore

/// Pairs commands with their answers on one socket: first sent, first answered.
///
/// Everything written in one turn of the event loop leaves in one write. The number of commands under way is bounded,
/// and each has a deadline; when one passes, the socket is given up, since the answers behind it could no longer be
/// told apart in time.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<RESPValue, RedisError>) -> Void

    private struct Pending {
        var deadline: NIODeadline
        var completion: Completion
    }

    private let parser: RESPParser
    private let limit: Int
    private let onMessage: (([UInt8]) -> Void)?
    private let onInactive: () -> Void
    private var context: ChannelHandlerContext?
    private var pending = CircularBuffer<Pending>()
    private var outgoing = ByteBuffer()
    private var flushIsScheduled = false
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var failure: RedisError?

    /// - Parameters:
    ///   - onMessage: called with each message of a channel that was subscribed to.
    ///   - onInactive: called once, when the socket is gone and all commands have been answered for.
    init(
        limit: Int, onMessage: (([UInt8]) -> Void)? = nil, onInactive: @escaping () -> Void
    ) throws(RedisError) {
        self.parser = try RESPParser()
        self.limit = limit
        self.onMessage = onMessage
        self.onInactive = onInactive
    }

    /// Sends a command. The completion is called exactly once, on the event loop.
    func send(_ command: RedisCommand, deadline: NIODeadline, completion: @escaping Completion) {
        guard let context, failure == nil else {
            completion(.failure(RedisError(.notConnected, "not connected", mayHaveRun: false)))
            return
        }
        guard pending.count < limit else {
            completion(.failure(RedisError(.overloaded, "\(limit) commands are under way", mayHaveRun: false)))
            return
        }
        command.encode(into: &outgoing)
        pending.append(Pending(deadline: deadline, completion: completion))
        setTimer(for: deadline, context: context)
        guard !flushIsScheduled else { return }
        flushIsScheduled = true
        context.eventLoop.assumeIsolated().execute { self.flushOutgoing() }
    }

    private func flushOutgoing() {
        flushIsScheduled = false
        guard let context, outgoing.readableBytes > 0 else { return }
        let buffer = outgoing
        outgoing = context.channel.allocator.buffer(capacity: min(buffer.readableBytes, 64 * 1024))
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    // MARK: Deadlines

    private func setTimer(for deadline: NIODeadline, context: ChannelHandlerContext) {
        if let timer, timer.deadline <= deadline { return }
        timer?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
        timer = (deadline, task)
    }

    private func timerFired() {
        timer = nil
        guard let context, let earliest = pending.map(\.deadline).min() else { return }
        if earliest <= .now() {
            fail(RedisError(.timeout, "no answer within the deadline", mayHaveRun: true))
        } else {
            setTimer(for: earliest, context: context)
        }
    }

    // MARK: Answers

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        do throws(RedisError) {
            var fed: RedisError?
            buffer.withUnsafeReadableBytes { bytes in
                do throws(RedisError) { try parser.feed(bytes) } catch { fed = error }
            }
            if let fed { throw fed }
            while let value = try parser.next() {
                if let onMessage, let message = value.message {
                    onMessage(message)
                    continue
                }
                guard let answered = pending.popFirst() else {
                    throw RedisError(.protocolViolation, "an answer that nobody asked for", mayHaveRun: false)
                }
                if case .error(let message) = value {
                    answered.completion(.failure(.server(message)))
                } else {
                    answered.completion(.success(value))
                }
            }
        } catch {
            fail(error)
        }
    }

    // MARK: The socket's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(RedisError(.connectionLost, "the connection ended", mayHaveRun: true))
        self.context = nil
        timer?.task.cancel()
        timer = nil
        onInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(RedisError(.connectionLost, "the connection failed: \(error)", mayHaveRun: true))
    }

    /// Answers all commands under way with an error and closes the socket.
    func fail(_ error: RedisError) {
        guard failure == nil else { return }
        failure = error
        let unanswered = pending
        pending.removeAll()
        for command in unanswered { command.completion(.failure(error)) }
        context?.close(promise: nil)
    }
}
