import Domain
import NIOCore

/// Orders, which each viewer watches by itself.
extension LiveViewers {
    /// Reads the order each time it may have changed. The watch begins before the order is read, so that no change between
    /// the two is missed.
    func watch(_ order: OrderID, _ viewer: LiveViewer) {
        let bound = NIOLoopBound((self, viewer), eventLoop: eventLoop)
        viewer.order = .init()
        viewer.order?.endWatch = orders.watch(order) { [eventLoop] in
            eventLoop.execute {
                let (viewers, viewer) = bound.value
                viewers.orderMayHaveChanged(order, viewer)
            }
        }
        guard viewer.order?.endWatch != nil else {
            // Too many are watched. The client gets each state when it connects again.
            return eventLoop.assumeIsolated().execute { viewer.sink.end(reconnects: true) }
        }
        orderMayHaveChanged(order, viewer)
    }

    private func orderMayHaveChanged(_ order: OrderID, _ viewer: LiveViewer) {
        guard viewer.isWatching else { return }
        guard viewer.order?.isRunning == false else {
            viewer.order?.isOutdated = true
            return
        }
        viewer.order?.isRunning = true
        viewer.order?.isOutdated = false
        check(order) { self.checked(order, $0, viewer) }
    }

    private func checked(_ id: OrderID, _ check: OrderCheck, _ viewer: LiveViewer) {
        viewer.order?.isRunning = false
        guard viewer.isWatching else { return }
        switch check {
        case .present(let order):
            viewer.group.update = LiveUpdate(order, number: viewer.sentNumber + 1)
            if order.isLive { enqueue(viewer) } else { complete(viewer) }
        case .absent:
            return viewer.sink.end(reconnects: false)
        case .unknown:
            eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.orderMayHaveChanged(id, viewer) }
        }
        if viewer.order?.isOutdated == true { orderMayHaveChanged(id, viewer) }
    }

    private func complete(_ viewer: LiveViewer) {
        viewer.isComplete = true
        enqueue(viewer)
    }
}

extension Order {
    /// Whether its state still changes by itself or by what its customer does next.
    var isLive: Bool { state == .waiting || state == .pending || state == .held }
}
