import NIOCore

/// Comments, and viewers that have not taken what was sent.
extension LiveViewers {
    func beginTicking() {
        guard !isTicking else { return }
        isTicking = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.tick) { self.ticked() }
    }

    private func ticked() {
        isTicking = false
        guard !all.isEmpty else { return }
        beginTicking()
        let now = eventLoop.now
        slot = (slot + 1) % Self.slots
        for viewer in all where viewer.slot == slot {
            if viewer.sink.takesMore { viewer.sink.send(.comment) } else { lags(viewer, at: now) }
        }
        lookAtLagging(at: now)
    }

    func lags(_ viewer: LiveViewer, at now: NIODeadline) {
        guard viewer.lagsSince == nil else { return }
        viewer.lagsSince = now
        lagging.append(viewer)
    }

    private func lookAtLagging(at now: NIODeadline) {
        guard !lagging.isEmpty else { return }
        let viewers = lagging
        lagging = []
        for viewer in viewers where viewer.isWatching {
            if viewer.sink.takesMore {
                viewer.lagsSince = nil
                enqueue(viewer)
            } else if let since = viewer.lagsSince, now - since >= timeLimit {
                viewer.sink.cutOff()
            } else {
                lagging.append(viewer)
            }
        }
    }
}
