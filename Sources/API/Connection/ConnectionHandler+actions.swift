import NIOCore
import NIOHTTPTypes

extension ConnectionHandler {
    func perform(_ action: ConnectionState.Action, from source: Source, _ context: ChannelHandlerContext) {
        switch action {
        case .passOn: passOn(source, context)
        case .forward(let head): context.fireChannelRead(wrapInboundOut(.head(head)))
        case .forwardEnd(let trailers): context.fireChannelRead(wrapInboundOut(.end(trailers)))
        case .readComplete: context.fireChannelReadComplete()
        case .writeHead(let head): context.write(wrapOutboundOut(.head(head)), promise: source.promise)
        case .respond(let response): write(response, context)
        case .failWrite: source.promise?.fail(ChannelError.ioOnClosedChannel)
        case .reportBodyCutOff: context.fireErrorCaught(BodyCutOff())
        case .close: context.close(promise: nil)
        case .setIdleTimer(let deadline): idleTimer = timer(at: deadline, .idleTimer, context)
        case .setBodyTimer(let deadline): bodyTimer = timer(at: deadline, .bodyTimer, context)
        case .cancelBodyTimer:
            bodyTimer?.cancel()
            bodyTimer = nil
        case .watch(let wait, let number): watch(wait, number, context)
        case .setWaitTimer(let deadline, let number):
            waitTimer = timer(at: deadline, .waitTimer(wait: number), context)
        case .checkOrder(let wait, let number): check(wait, number, context)
        case .endWatch: stopWatching()
        }
    }

    private func passOn(_ source: Source, _ context: ChannelHandlerContext) {
        switch source {
        case .read(let data): context.fireChannelRead(data)
        case .readComplete: context.fireChannelReadComplete()
        case .event(let event): context.fireUserInboundEventTriggered(event)
        case .inactive: context.fireChannelInactive()
        case .write(let data, let promise): context.write(data, promise: promise)
        case .none: break
        }
    }

    private func write(_ response: ConnectionResponse, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        if let body = response.body { context.write(wrapOutboundOut(.body(body)), promise: nil) }
        let end = wrapOutboundOut(.end(nil))
        guard response.closes else { return context.writeAndFlush(end, promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(end).whenComplete { _ in bound.value.close(promise: nil) }
    }

    private func timer(
        at deadline: NIODeadline, _ input: ConnectionState.Input, _ context: ChannelHandlerContext
    ) -> Scheduled<Void> {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            handler.run(input, from: .none, context)
        }
    }

    private func watch(_ wait: OrderWait, _ number: Int, _ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: eventLoop)
        endWatch = orders.watch(wait.order) { [orders] in
            let input: ConnectionState.Input =
                orders.isClosed() ? .watchEnded(wait: number) : .orderChanged(wait: number)
            eventLoop.execute { bound.value.handler.run(input, from: .none, bound.value.context) }
        }
        run(endWatch == nil ? .watchEnded(wait: number) : .watching(wait: number), from: .none, context)
    }

    /// Reads the order. No task lives longer than its read: 10,000 tasks that only wait would need too much memory.
    private func check(_ wait: OrderWait, _ number: Int, _ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: eventLoop)
        Task { [orders] in
            let isSettled = await orders.isSettled(wait.order) || orders.isClosed()
            eventLoop.execute {
                bound.value.handler.run(
                    .orderChecked(wait: number, isSettled: isSettled), from: .none, bound.value.context)
            }
        }
    }
}

extension ConnectionHandler.Source {
    fileprivate var promise: EventLoopPromise<Void>? {
        if case .write(_, let promise) = self { promise } else { nil }
    }
}
