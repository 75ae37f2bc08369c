import DequeModule
import NIOCore

/// Matches commands with their replies on one socket: Redis replies in the order of the commands.
///
/// The commands of one turn of the event loop are sent in one write. The number of commands in flight is bounded, and
/// each has a deadline. If a deadline passes, the socket is closed, because the replies behind it would be late too.
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
    private var pending = Deque<Pending>()
    private var outgoing = ByteBuffer()
    private var flushIsScheduled = false
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var failure: RedisError?

    /// - Parameters:
    ///   - limit: the maximum number of commands in flight.
    ///   - onMessage: called with each message of a subscribed channel.
    ///   - onInactive: called once, after the socket is closed and all commands have failed.
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
            completion(.failure(RedisError(.overloaded, "\(limit) commands are in flight", mayHaveRun: false)))
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
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerDidFire() }
        timer = (deadline, task)
    }

    private func timerDidFire() {
        timer = nil
        guard let context, let earliest = pending.lazy.map(\.deadline).min() else { return }
        if earliest <= .now() {
            fail(RedisError(.timeout, "no reply within the deadline", mayHaveRun: true))
        } else {
            setTimer(for: earliest, context: context)
        }
    }

    // MARK: Replies

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        do throws(RedisError) {
            var failed: RedisError?
            buffer.withUnsafeReadableBytes { bytes in
                do throws(RedisError) { try parser.feed(bytes) } catch { failed = error }
            }
            if let failed { throw failed }
            while let value = try parser.next() { try receive(value) }
        } catch {
            fail(error)
        }
    }

    private func receive(_ value: RESPValue) throws(RedisError) {
        if let onMessage {
            if let message = value.message { return onMessage(message) }
            // Nobody asked for this: another server has the slot now. The connection opens again where it is.
            if value.isEndOfSubscription {
                throw RedisError(.connectionLost, "the server ended the subscription", mayHaveRun: false)
            }
        }
        guard let command = pending.popFirst() else {
            throw RedisError(.protocolViolation, "a reply without a command", mayHaveRun: false)
        }
        if case .error(let message) = value {
            command.completion(.failure(.server(message)))
        } else {
            command.completion(.success(value))
        }
    }

    // MARK: Lifecycle of the socket

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(RedisError(.connectionLost, "the connection was closed", mayHaveRun: true))
        self.context = nil
        timer?.task.cancel()
        timer = nil
        onInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(RedisError(.connectionLost, "the connection failed: \(error)", mayHaveRun: true))
    }

    /// Fails all commands in flight and closes the socket.
    func fail(_ error: RedisError) {
        guard failure == nil else { return }
        failure = error
        let unanswered = pending
        pending.removeAll()
        for command in unanswered { command.completion(.failure(error)) }
        context?.close(promise: nil)
    }
}
