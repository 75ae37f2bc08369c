import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between the HTTP decoder and the server: answers requests that cannot be read, and ends those whose body does
/// not arrive within the deadline.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bodyDeadline: TimeAmount
    private var bodyTimer: Scheduled<Void>?
    private var bodyIsArriving = false
    /// Requests read that have not been answered in full.
    private var unanswered = 0
    private var answerHasBegun = false
    private var isClosing = false

    init(bodyDeadline: TimeAmount) {
        self.bodyDeadline = bodyDeadline
    }

    /// Requests are short, and a connection keeps its read buffers while it is idle.
    private static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16 * 1024)

    func handlerAdded(context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffers)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            bodyIsArriving = true
        case .body:
            break
        case .end:
            bodyIsArriving = false
            bodyTimer?.cancel()
            bodyTimer = nil
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A request without a body, or with a short one, is complete here: then there is nothing to time.
        if bodyIsArriving, bodyTimer == nil {
            let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
            bodyTimer = context.eventLoop.scheduleTask(in: bodyDeadline) {
                let (handler, context) = bound.value
                handler.bodyTimer = nil
                handler.refuse(Problem(.requestTimeout, "The request's body did not arrive in time."), context: context)
            }
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head: answerHasBegun = true
        case .body: break
        case .end:
            answerHasBegun = false
            unanswered -= 1
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        switch error {
        case .headerOverflow:
            refuse(
                Problem(.headersTooLarge, "Headers may have 16 KiB and 64 fields at most."), context: context)
        default:
            refuse(Problem.invalid(nil, "The request is not valid HTTP/1.1."), context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failBody(context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { failBody(context) }
        context.fireUserInboundEventTriggered(event)
    }

    /// A body that was cut off: the server would take the connection's end for the body's, and half a purchase, or none at
    /// all, for a whole one.
    private func failBody(_ context: ChannelHandlerContext) {
        bodyTimer?.cancel()
        bodyTimer = nil
        guard bodyIsArriving else { return }
        bodyIsArriving = false
        context.fireErrorCaught(BodyCutOff())
    }

    /// Answers with a problem, unless an earlier request on this connection still waits for its answer, and closes.
    private func refuse(_ problem: Problem, context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        let isForThisRequest = unanswered == (bodyIsArriving ? 1 : 0) && !answerHasBegun
        defer { failBody(context) }
        guard isForThisRequest else { return context.close(promise: nil) }
        var (head, body) = problem.responseParts
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }
}

/// The connection ended, or was given up, before the body had arrived.
struct BodyCutOff: Error {}
