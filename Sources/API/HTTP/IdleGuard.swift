import HTTPTypes
import Metrics
import NIOCore
import NIOHTTPTypes

/// Ends a connection on which no request has come for a while, or one whose headers do not come to their end. Not one
/// whose request is being answered, however long that takes.
final class IdleGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Every connection has one of these, so here they are counted.
    private static let connections = Meter(label: "ticketblitz_http_connections")

    private let timeout: TimeAmount
    private var timer: Scheduled<Void>?
    private var lastActive = NIODeadline.now()
    /// Requests read that have not been answered in full.
    private var unanswered = 0

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        Self.connections.increment()
        setTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        Self.connections.decrement()
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastActive = .now()
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            lastActive = .now()
            setTimer(context)
        }
        context.write(data, promise: promise)
    }

    private func setTimer(_ context: ChannelHandlerContext) {
        guard timer == nil, unanswered == 0 else { return }
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: lastActive + timeout) {
            let (handler, context) = bound.value
            handler.timerFired(context)
        }
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        guard unanswered == 0 else { return }
        if NIODeadline.now() >= lastActive + timeout {
            context.close(promise: nil)
        } else {
            setTimer(context)
        }
    }
}
