import NIOCore
import NIOHTTP1

extension ConnectionHandler {
    func perform(_ action: ConnectionState.Action, from source: Source, _ context: ChannelHandlerContext) {
        switch action {
        case .passOn: passOn(source, context)
        case .passOnAndClose: passOnAndClose(source, context)
        case .forward(let part): forward(wrapInboundOut(part), context)
        case .readComplete: context.fireChannelReadComplete()
        case .forwardInputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .writeHead(let head):
            if case .write(_, let promise, let writer) = source {
                writer.write(NIOAny(HTTPServerResponsePart.head(head)), promise: promise)
            }
        case .answer(let request, let body, let turn): answer(request, body, turn, context)
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
        case .read(let data): forward(data, context)
        case .readComplete: context.fireChannelReadComplete()
        case .event(let event): context.fireUserInboundEventTriggered(event)
        case .inactive: context.fireChannelInactive()
        case .write(let data, let promise, let writer): writer.write(data, promise: promise)
        case .none: break
        }
    }

    /// Passes a part of a request to the application.
    private func forward(_ part: NIOAny, _ context: ChannelHandlerContext) {
        if let addApplication {
            self.addApplication = nil
            do { try addApplication() } catch { return context.close(promise: nil) }
        }
        context.fireChannelRead(part)
    }

    private func passOnAndClose(_ source: Source, _ context: ChannelHandlerContext) {
        guard case .write(let data, let promise, let writer) = source else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        closeAfter(written.futureResult, context)
        written.futureResult.cascade(to: promise)
        writer.writeAndFlush(data, promise: written)
    }

    private func answer(
        _ request: DirectRequest, _ body: ByteBuffer?, _ turn: Int, _ context: ChannelHandlerContext
    ) {
        let id = RequestID()
        responder?.respond(to: request, body: body, id: id) { [self] response in
            run(.answered(turn: turn, response, id), from: .none)
        }
    }

    private func write(_ response: ConnectionResponse, _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 384 + response.response.body.readableBytes)
        writer.write(
            response.response,
            ResponseWriter.Context(
                requestID: response.requestID ?? RequestID(), rate: response.rate, isHead: response.isHead,
                closes: response.closes), to: &buffer)
        guard response.closes else { return context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
        closeAfter(context.writeAndFlush(wrapOutboundOut(buffer)), context)
    }

    private func closeAfter(_ written: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
        written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private func timer(
        at deadline: NIODeadline, _ input: ConnectionState.Input, _ context: ChannelHandlerContext
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in run(input, from: .none) }
    }

    private func watch(_ wait: OrderWait, _ number: Int, _ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        endWatch = orders.watch(wait.order) { [orders] in
            let input: ConnectionState.Input =
                orders.isClosed() ? .watchEnded(wait: number) : .orderChanged(wait: number)
            eventLoop.execute { bound.value.run(input, from: .none) }
        }
        run(endWatch == nil ? .watchEnded(wait: number) : .watching(wait: number), from: .none)
    }

    /// Reads the order. No task lives longer than its read: 10,000 tasks that only wait would need too much memory.
    private func check(_ wait: OrderWait, _ number: Int, _ context: ChannelHandlerContext) {
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        Task { [orders] in
            let isSettled = await orders.isSettled(wait.order) || orders.isClosed()
            eventLoop.execute {
                bound.value.run(.orderChecked(wait: number, isSettled: isSettled), from: .none)
            }
        }
    }
}

extension ConnectionHandler.Source {
    fileprivate var promise: EventLoopPromise<Void>? {
        if case .write(_, let promise, _) = self { promise } else { nil }
    }
}
