import Domain
import Engine
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Keeps a request that would wait for an order at the connection until the order is settled or the time is over; only
/// then the server sees it, and answers at once.
///
/// So a waiting request costs little more than its connection: no request is under way in the server, with its tasks and
/// buffers. (Measured: see docs/decisions/0011.) Where the client sends more or leaves, or the server stops, the request
/// goes on as it is.
final class WaitingGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    /// Whether an order is final or in the ledger, or there is nothing to wait for.
    typealias IsSettled = @Sendable (OrderID) async -> Bool

    private struct Held {
        var head: HTTPRequest
        var order: OrderID
        var limit: TimeAmount
        var end: HTTPFields??
        var waiter: OrderWatch.Waiter?
        var timer: Scheduled<Void>?
        var isLooking = false
        /// Whether the order may have changed since the look that is under way began.
        var hasChanged = false
    }

    private let watch: OrderWatch
    private let isSettled: IsSettled
    private var held: Held?

    init(watch: OrderWatch, isSettled: @escaping IsSettled) {
        self.watch = watch
        self.isSettled = isSettled
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .end(let trailers) = part, var request = held, request.end == nil {
            request.end = .some(trailers)
            held = request
            begin(context)
            return
        }
        release(context)
        if case .head(let head) = part, let wish = Self.wish(head) {
            held = Held(head: head, order: wish.order, limit: wish.limit)
        } else {
            context.fireChannelRead(data)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
            resume(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        cancel()
    }

    // MARK: Waiting

    /// Watches the order before it is looked at, so that nothing falls between.
    private func begin(_ context: ChannelHandlerContext) {
        guard let request = held else { return }
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: eventLoop)
        let waiter = watch.watch(request.order) { eventLoop.execute { bound.value.gate.changed(bound.value.context) } }
        guard let waiter else { return resume(context) }
        held?.waiter = waiter
        held?.timer = eventLoop.scheduleTask(in: request.limit) { bound.value.gate.resume(bound.value.context) }
        look(context)
    }

    private func look(_ context: ChannelHandlerContext) {
        guard let waiter = held?.waiter else { return }
        held?.isLooking = true
        held?.hasChanged = false
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: eventLoop)
        // No task outlives its look: ten thousand that only wait would take their memory.
        Task { [isSettled] in
            let settled = await isSettled(waiter.order)
            eventLoop.execute { bound.value.gate.looked(waiter, settled, bound.value.context) }
        }
    }

    private func looked(_ waiter: OrderWatch.Waiter, _ isSettled: Bool, _ context: ChannelHandlerContext) {
        guard let request = held, request.waiter === waiter else { return }
        held?.isLooking = false
        if isSettled || watch.isClosed {
            resume(context)
        } else if request.hasChanged {
            look(context)
        }
    }

    private func changed(_ context: ChannelHandlerContext) {
        guard let request = held else { return }
        if watch.isClosed {
            resume(context)
        } else if request.isLooking {
            held?.hasChanged = true
        } else {
            look(context)
        }
    }

    /// Lets the request go on, at a moment when nothing else is being read.
    private func resume(_ context: ChannelHandlerContext) {
        guard held != nil else { return }
        release(context)
        context.fireChannelReadComplete()
    }

    private func release(_ context: ChannelHandlerContext) {
        guard let request = held else { return }
        cancel()
        context.fireChannelRead(wrapInboundOut(.head(request.head)))
        if case .some(let trailers) = request.end { context.fireChannelRead(wrapInboundOut(.end(trailers))) }
    }

    private func cancel() {
        held?.timer?.cancel()
        if let waiter = held?.waiter { watch.end(waiter) }
        held = nil
    }

    /// Which order a request would wait for, and how long. What is wrong with the request, the route says.
    private static func wish(_ head: HTTPRequest) -> (order: OrderID, limit: TimeAmount)? {
        guard head.method == .get, let path = head.path, path.hasPrefix("/orders/"),
            path.contains("wait=") || head.headerFields.contains(.prefer)
        else { return nil }
        let uri = URI(path)
        guard let order = OrderID(uri.path.dropFirst("/orders/".count)),
            let wish = try? WaitPreference(uri: uri, headers: head.headerFields), wish.seconds > 0
        else { return nil }
        return (order, .seconds(Int64(wish.seconds)))
    }
}
