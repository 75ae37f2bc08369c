import Domain
import Engine
import NIOCore
import RedisSchema

/// Reads the overview, at most once a second however many clients ask for it.
actor OverviewReader {
    /// Intervals that are read each time: the last ones, which processes may not have written yet.
    private static let unsettled: Int64 = 6
    /// Seconds after which all are read again: a process writes figures late if Redis did not respond.
    private static let lifetime = TimeAmount.seconds(30)

    private let store: FigureStore
    private let inventory: Inventory
    private var figures: [Int64: IntervalFigures] = [:]
    /// When all intervals were read last.
    private var allSince: NIODeadline?
    private var last: (overview: Overview, since: NIODeadline)?
    private var reading: Task<Overview, any Error>?

    init(_ store: FigureStore, _ inventory: Inventory) {
        self.store = store
        self.inventory = inventory
    }

    /// The overview, which is at most a second old.
    func current() async throws -> Overview {
        if let last, NIODeadline.now() - last.since < .seconds(1) { return last.overview }
        if let reading { return try await reading.value }
        let task = Task { try await read() }
        reading = task
        defer { reading = nil }
        return try await task.value
    }

    private func read() async throws -> Overview {
        let since = NIODeadline.now()
        if store.clock.now == nil { try await store.readClock() }
        let now = store.clock.now ?? .now
        let listed = Overview.listed(at: now)
        let readsAll = allSince.map { since - $0 >= Self.lifetime } ?? true
        // Also those that have become complete while nobody asked.
        let known = figures.keys.max() ?? 0
        let settled = min(listed.upperBound, known) - Self.unsettled
        let first = readsAll ? listed.lowerBound : max(listed.lowerBound, settled)
        let numbers = Array(first...listed.upperBound)
        for (number, read) in zip(numbers, try await store.read(numbers)) { figures[number] = read }
        if readsAll { allSince = since }
        figures = figures.filter { listed.contains($0.key) }
        let overview = Overview(
            at: now, queue: try await store.queue(), recovery: inventory.recovery, figures: figures)
        last = (overview, since)
        return overview
    }
}
