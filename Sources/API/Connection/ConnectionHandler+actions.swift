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
        case .answer(let request, let body, let turn, let id): answer(request, body, turn, RequestID(id), context)
        case .writeContinue: context.writeAndFlush(wrapOutboundOut(Self.continuation), promise: nil)
        case .respond(let response): write(response, context)
        case .stream(let start, let isChunked): beginStream(start, isChunked: isChunked)
        case .endStream(let reconnects, let isChunked, let closes):
            endStream(reconnects: reconnects, isChunked: isChunked, closes: closes, context)
        case .failWrite: source.promise?.fail(ChannelError.ioOnClosedChannel)
        case .reportBodyCutOff: context.fireErrorCaught(BodyCutOff())
        case .close: context.close(promise: nil)
        case .abort: abort(context)
        case .setIdleTimer(let deadline): setIdleTimer(deadline, context)
        case .setBodyTimer(let deadline): bodyTimer = timer(at: deadline, .bodyTimer, context)
        case .cancelBodyTimer:
            bodyTimer?.cancel()
            bodyTimer = nil
        case .watch(let wait, let number): watch(wait, number, context)
        case .setWaitTimer(let deadline, let number):
            waitTimer = timer(
                at: deadline - Self.spread(deadline - context.eventLoop.now), .waitTimer(wait: number), context)
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
        _ request: DirectRequest, _ body: ByteBuffer?, _ turn: Int, _ id: RequestID, _ context: ChannelHandlerContext
    ) {
        let known = knownOrder
        knownOrder = nil
        responder?.respond(to: request, body: body, known: known, peer: peer(context), id: id) { [self] response in
            run(.answered(turn: turn, response, id), from: .none)
        }
    }

    private static let continuation = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    /// A random part, up to a tenth, of a wait time. Clients that began to wait together do not all read their orders at the
    /// same moment.
    private static func spread(_ time: TimeAmount) -> TimeAmount {
        .nanoseconds(Int64.random(in: 0...max(0, time.nanoseconds / 10)))
    }

    private func setIdleTimer(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        idleTimer?.cancel()
        idleTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            guard let context = self.context else { return }
            run(.idleTimer(unsent(context)), from: .none)
        }
    }

    private func write(_ response: ConnectionResponse, _ context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 384 + response.response.body.readableBytes)
        writer.write(
            response.response,
            ResponseWriter.Context(
                requestID: response.requestID ?? RequestID(), rate: response.rate, isHead: response.isHead,
                closes: response.closes, isChunked: response.isChunked), to: &buffer)
        if let live = response.response.live, !response.isHead {
            return write(buffer, live.first, isChunked: response.isChunked, context)
        }
        guard response.closes else { return context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
        closeAfter(context.writeAndFlush(wrapOutboundOut(buffer)), context)
    }

    func closeAfter(_ written: EventLoopFuture<Void>, _ context: ChannelHandlerContext) {
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
        if let responder {
            return responder.check(wait.order) { [self] check in
                // If the stores fail while a client waits, it waits on, and receives the order as it was last read.
                if case .present(let order) = check { knownOrder = order }
                let isSettled = check.isSettled || check == .unknown && knownOrder == nil || orders.isClosed()
                run(.orderChecked(wait: number, isSettled: isSettled), from: .none)
            }
        }
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
