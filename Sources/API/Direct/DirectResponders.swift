import Domain
import NIOConcurrencyHelpers
import NIOCore
import Runtime

/// What clients look at without buying.
struct Looks: Sendable {
    let events: EventViews
    let feed: LiveFeed
    let orders: OrderObserver
}

/// The responders of all event loops.
struct DirectResponders: Sendable {
    private let all: [(eventLoop: any EventLoop, responder: NIOLoopBound<DirectResponder>)]

    /// Creates a responder for each event loop of a group.
    init(
        _ orders: OrderService, _ joins: RoomJoins, _ looks: Looks, _ configuration: ConnectionState.Configuration,
        group: any EventLoopGroup
    ) async throws {
        var all: [(any EventLoop, NIOLoopBound<DirectResponder>)] = []
        for eventLoop in group.makeIterator() {
            let responder = try await eventLoop.submit {
                NIOLoopBound(
                    DirectResponder(orders, joins, looks, configuration, on: eventLoop), eventLoop: eventLoop)
            }.get()
            all.append((eventLoop, responder))
        }
        self.all = all
    }

    /// Tells all responders that an event has changed. Can be called on any thread.
    func eventHasChanged(_ event: EventID) {
        for (eventLoop, responder) in all { eventLoop.execute { responder.value.eventHasChanged(event) } }
    }

    /// The purchases since the last call, of all event loops.
    func takeTally() async -> PurchaseTally {
        var tally = PurchaseTally()
        for (eventLoop, responder) in all {
            if let part = try? await eventLoop.submit({ responder.value.takeTally() }).get() { tally.add(part) }
        }
        return tally
    }

    /// The responder of the current event loop; nil if there is none.
    var current: DirectResponder? { all.first { $0.eventLoop.inEventLoop }?.responder.value }

    /// Sends what follows the first message of a stream that the router sends. The result ends that.
    func begin(_ start: LiveStart, _ sink: some LiveSink & Sendable) -> @Sendable () -> Void {
        let (eventLoop, responder) = all[0]
        let viewer = NIOLockedValueBox<NIOLoopBound<LiveViewer>?>(nil)
        eventLoop.execute {
            if let begun = responder.value.begin(start, sink) {
                viewer.withLockedValue { $0 = NIOLoopBound(begun, eventLoop: eventLoop) }
            } else {
                sink.end(reconnects: true)
            }
        }
        return {
            eventLoop.execute {
                if let begun = viewer.withLockedValue({ $0 }) { responder.value.end(begun.value) }
            }
        }
    }

    /// Responds to a request of the router.
    func response(
        to request: DirectRequest, body: ByteBuffer? = nil, peer: IPAddress?, id: RequestID
    ) async -> APIResponse {
        let (eventLoop, responder) = all[0]
        return await withCheckedContinuation { continuation in
            eventLoop.execute {
                responder.value.respond(to: request, body: body, peer: peer, id: id) {
                    continuation.resume(returning: $0)
                }
            }
        }
    }
}
