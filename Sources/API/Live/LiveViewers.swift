import DequeModule
import Domain
import Metrics
import NIOCore

/// The viewers of one event loop: sends them updates, a few at a time, and comments. Used on its event loop only.
///
/// There is no task and no timer for a viewer, and its messages share their bytes with those of all others. A viewer that has
/// not taken a message gets none until it has; then it gets the newest. One that takes nothing for the time limit is cut off.
final class LiveViewers {
    /// The interval of comments to each viewer.
    static let commentInterval = TimeAmount.seconds(15)
    static let tick = TimeAmount.milliseconds(100)
    static let slots = Int(commentInterval.nanoseconds / tick.nanoseconds)
    /// Messages that are sent without a pause, which takes about a millisecond.
    private static let sliceSize = 50

    private static let viewerCount = Meter(label: "ticketblitz_viewers")
    private static let messages = Counter(label: "ticketblitz_live_messages_total")

    private let feed: LiveFeed
    let orders: OrderObserver
    let check: (OrderID, @escaping (OrderCheck) -> Void) -> Void
    let eventLoop: any EventLoop
    let timeLimit: TimeAmount

    var all: [LiveViewer] = []
    private var groups: [LiveSubject: LiveGroup] = [:]
    private var due = Deque<LiveViewer>()
    private var isSending = false
    /// The time between two slices.
    private var pause = TimeAmount.zero
    var lagging: [LiveViewer] = []
    var isTicking = false
    var slot = 0
    private(set) var isClosed = false

    /// - Parameters:
    ///   - check: reads an order.
    ///   - timeLimit: for which a viewer may take nothing.
    init(
        _ feed: LiveFeed, orders: OrderObserver, timeLimit: TimeAmount, on eventLoop: any EventLoop,
        check: @escaping (OrderID, @escaping (OrderCheck) -> Void) -> Void
    ) {
        self.feed = feed
        self.orders = orders
        self.timeLimit = timeLimit
        self.eventLoop = eventLoop
        self.check = check
    }

    var count: Int { all.count }

    /// Adds a viewer; nil if the service stops.
    func begin(_ start: LiveStart, _ sink: any LiveSink) -> LiveViewer? {
        guard !isClosed else { return nil }
        let group = group(of: start.subject)
        let viewer = LiveViewer(start, sink: sink, group: group, slot: .random(in: 0..<Self.slots))
        viewer.position = all.count
        all.append(viewer)
        viewer.groupPosition = group.viewers.count
        group.viewers.append(viewer)
        Self.viewerCount.increment()
        if case .order(let order) = start.subject { watch(order, viewer) }
        enqueue(viewer)
        beginTicking()
        return viewer
    }

    private func group(of subject: LiveSubject) -> LiveGroup {
        let update = feed.join(subject)
        // Each viewer of an order reads it by itself.
        if case .order = subject { return LiveGroup(nil) }
        if let group = groups[subject] { return group }
        let group = LiveGroup(update)
        groups[subject] = group
        return group
    }

    func end(_ viewer: LiveViewer) {
        guard viewer.isWatching else { return }
        viewer.isWatching = false
        viewer.order?.endWatch?()
        let group = viewer.group
        group.viewers.swapAt(viewer.groupPosition, group.viewers.count - 1)
        group.viewers.removeLast()
        if viewer.groupPosition < group.viewers.count {
            group.viewers[viewer.groupPosition].groupPosition = viewer.groupPosition
        }
        if group.viewers.isEmpty { groups[viewer.subject] = nil }
        all.swapAt(viewer.position, all.count - 1)
        all.removeLast()
        if viewer.position < all.count { all[viewer.position].position = viewer.position }
        feed.leave(viewer.subject)
        Self.viewerCount.decrement()
    }

    /// Ends all streams; no further one begins.
    func close() {
        isClosed = true
        for viewer in all { viewer.sink.end(reconnects: true) }
    }

    // MARK: Updates

    /// Sends updates to their viewers.
    ///
    /// - Parameter spread: the time over which the messages are spread.
    func publish(_ updates: [(subject: LiveSubject, update: LiveUpdate)], over spread: TimeAmount) {
        for (subject, update) in updates {
            guard let group = groups[subject] else { continue }
            group.update = update
            for viewer in group.viewers { enqueue(viewer) }
        }
        let slices = due.count / Self.sliceSize
        pause = slices > 0 ? .nanoseconds(max(1_000_000, spread.nanoseconds / Int64(slices + 1))) : .zero
        sendSlice()
    }

    /// Ends the streams of an event that does not exist any more.
    func endAll(of subject: LiveSubject, with message: LiveMessage) {
        for viewer in groups[subject]?.viewers ?? [] {
            if viewer.sink.takesMore { viewer.sink.send(message) }
            viewer.sink.end(reconnects: false)
        }
    }

    func enqueue(_ viewer: LiveViewer) {
        guard !viewer.isDue else { return }
        viewer.isDue = true
        due.append(viewer)
        guard !isSending, due.count == 1 else { return }
        eventLoop.assumeIsolated().execute { self.sendSlice() }
    }

    private func sendSlice() {
        guard !isSending else { return }
        let now = eventLoop.now
        for _ in 0..<Self.sliceSize {
            guard let viewer = due.popFirst() else { return }
            send(to: viewer, at: now)
        }
        guard !due.isEmpty else { return }
        isSending = true
        eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.isSending = false
            self.sendSlice()
        }
    }

    private func send(to viewer: LiveViewer, at now: NIODeadline) {
        viewer.isDue = false
        guard viewer.isWatching else { return }
        if let update = viewer.group.update, update.number > viewer.sentNumber {
            if update.id != viewer.sentID {
                guard viewer.sink.takesMore else { return lags(viewer, at: now) }
                viewer.sink.send(update.message(after: viewer.sentID))
                viewer.sentID = update.id
                Self.messages.increment()
            }
            viewer.sentNumber = update.number
        }
        if viewer.isComplete { viewer.sink.end(reconnects: false) }
    }
}
