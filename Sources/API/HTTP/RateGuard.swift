import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers a client's requests above its limit itself, before anything else sees them, and tells it with every answer
/// where it stands. The connection stays: a new one would cost more than the answer.
final class RateGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A request whose answer is to come. Answers leave in the order of the requests (RFC 9112, section 9.3.2).
    private enum Turn {
        case served(RateStanding)
        case refused(RateStanding, method: HTTPRequest.Method, closing: Bool, isComplete: Bool)
    }

    /// Requests that a client may send ahead of their answers; nobody who means well sends more than a few.
    private static let turnLimit = 100

    private let limits: ClientLimits
    private var peer: IPAddress?
    private var turns = CircularBuffer<Turn>(initialCapacity: 2)
    /// Whether the request that is arriving is refused.
    private var isRefusing = false
    /// Whether the connection has been given up: what still arrives is passed over.
    private var isClosing = false

    init(_ limits: ClientLimits) {
        self.limits = limits
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if peer == nil { peer = context.remoteAddress.flatMap { IPAddress($0) } }
            guard let peer, turns.count < Self.turnLimit else {
                isClosing = true
                return context.close(promise: nil)
            }
            let standing = limits.take(head, from: peer)
            isRefusing = !standing.isAllowed
            guard isRefusing else {
                turns.append(.served(standing))
                return context.fireChannelRead(data)
            }
            let closing = head.headerFields[.connection]?.lowercased().contains("close") ?? false
            turns.append(.refused(standing, method: head.method, closing: closing, isComplete: false))
        case .body:
            if !isRefusing { context.fireChannelRead(data) }
        case .end:
            guard isRefusing else { return context.fireChannelRead(data) }
            isRefusing = false
            if case .refused(let standing, let method, let closing, _) = turns.popLast() {
                turns.append(.refused(standing, method: method, closing: closing, isComplete: true))
            }
            answerRefused(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if case .served(let standing)? = turns.first, head.status.kind != .informational {
                for (name, value) in limits.fields(standing) { head.headerFields[name] = value }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            if !turns.isEmpty { turns.removeFirst() }
            answerRefused(context)
        }
    }

    /// Answers those refused requests whose turn has come.
    private func answerRefused(_ context: ChannelHandlerContext) {
        while case .refused(let standing, let method, let closing, true)? = turns.first {
            turns.removeFirst()
            var (head, body) = limits.problem(standing).responseParts
            if closing { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if method != .head { context.write(wrapOutboundOut(.body(body)), promise: nil) }
            let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
            guard closing else { continue }
            isClosing = true
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            written.whenComplete { _ in bound.value.close(promise: nil) }
            return
        }
    }
}
