import NIOConcurrencyHelpers
import NIOCore

/// Asks for the map of a cluster when ``ClusterState`` says so, one request at a time, on one event loop.
final class ClusterWatch: Sendable {
    typealias Address = RedisURL.Address
    typealias Ask = @Sendable (Address, @escaping (Result<SlotMap, RedisError>) -> Void) -> Void

    /// Used on the event loop only.
    private final class Core {
        var state: ClusterState
        var scheduled: (at: NIODeadline, task: Scheduled<Void>)?
        var ask: Ask?
        var onChange: (@Sendable (SlotMap) -> Void)?

        init(_ state: ClusterState) { self.state = state }
    }

    private let eventLoop: any EventLoop
    private let slots: [HashSlot]
    private let core: NIOLoopBoundBox<Core?>
    /// Whether a doubt is on its way to the event loop, so that ten thousand failures are one.
    private let isDoubted = NIOLockedValueBox(false)

    /// - Parameter slots: a map that does not assign each of these is not used.
    init(seeds: [Address], slots: [HashSlot], on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.slots = slots
        core = NIOLoopBoundBox.makeEmptyBox(valueType: Core.self, eventLoop: eventLoop)
        eventLoop.execute { [core] in core.value = Core(ClusterState(seeds: seeds)) }
    }

    /// - Parameters:
    ///   - ask: asks one node; the completion must be called once, on the event loop.
    ///   - onChange: called on the event loop with each map that differs from the one before.
    func start(ask: @escaping Ask, onChange: @escaping @Sendable (SlotMap) -> Void) {
        eventLoop.execute {
            guard let core = self.core.value else { return }
            core.ask = ask
            core.onChange = onChange
            self.schedule()
        }
    }

    func stop() {
        eventLoop.execute {
            self.core.value?.scheduled?.task.cancel()
            self.core.value = nil
        }
    }

    /// Draws conclusions from the failure of a command. Can be called on any thread.
    func note(_ error: RedisError, from address: Address) {
        if let redirection = Redirection(error, from: address), redirection.kind == .moved {
            return eventLoop.execute { self.didMove(redirection) }
        }
        guard error.isDoubtOfTheMap else { return }
        let isNew = isDoubted.withLockedValue { doubted in
            defer { doubted = true }
            return !doubted
        }
        guard isNew else { return }
        eventLoop.execute {
            self.isDoubted.withLockedValue { $0 = false }
            self.core.value?.state.doubt()
            self.schedule()
        }
    }

    private func didMove(_ redirection: Redirection) {
        guard let core = core.value else { return }
        let before = core.state.map
        core.state.didMove(redirection.slot, to: redirection.address)
        if let map = core.state.map, map != before { core.onChange?(map) }
        schedule()
    }

    private func schedule() {
        guard let core = core.value, core.ask != nil,
            let time = core.state.nextLook(jitter: Double.random(in: 0...1))
        else { return }
        if let scheduled = core.scheduled {
            guard time < scheduled.at else { return }
            scheduled.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            core.scheduled = nil
            self.look()
        }
        core.scheduled = (time, task)
    }

    private func look() {
        guard let core = core.value else { return }
        let address = core.state.beginLook(at: .now())
        core.ask?(address) { result in
            guard let core = self.core.value else { return }
            if case .success(let map) = result, map.covers(self.slots) {
                if core.state.didLook(map) { core.onChange?(map) }
            } else {
                core.state.didFailToLook()
            }
            self.schedule()
        }
    }
}

extension RedisError {
    /// Whether the failure can come from a map that is out of date.
    fileprivate var isDoubtOfTheMap: Bool {
        switch code {
        case .notConnected, .connectionLost, .timeout: true
        case .server: ["READONLY", "CLUSTERDOWN", "MASTERDOWN", "LOADING"].contains(serverCode)
        default: false
        }
    }
}
