import Domain
import Engine
import Foundation
import Ledger
import NIOConcurrencyHelpers
import NIOCore
import RedisClient
import RedisSchema

/// The waiting rooms that clients of this process look at. A view is at most 250 ms old: however many people wait, Redis is read
/// four times a second for each room, and only while somebody asks.
actor RoomBook {
    static let lifetime = TimeAmount.milliseconds(250)
    /// Rooms that are kept, and for how long after they were asked for last. Beyond that number, the one that was asked for the
    /// longest ago is forgotten.
    private static let limit = 1000
    private static let keeping = TimeAmount.seconds(60)

    private struct Entry {
        var generation = 0
        var ticks = RoomTicks()
        var draw: RoomView.Draw?
        var ranks: [UInt32]?
        /// The draw whose ranks are being computed, or are computed.
        var computed: RoomDraw?
        /// When it was read last.
        var since = NIODeadline.uptimeNanoseconds(0)
        var reading: Task<RoomView?, any Error>?
        /// When `reading` began.
        var begun = NIODeadline.uptimeNanoseconds(0)
    }

    private let inventory: Inventory
    private let ledger: Ledger
    private let client: RedisClient
    private var entries: [EventID: Entry] = [:]
    /// The views of `entries` and when they were read, also for those who do not want to wait for the actor.
    private let present = NIOLockedValueBox<[EventID: (view: RoomView, since: NIODeadline)]>([:])

    /// - Parameter client: the connections to read Redis on.
    init(_ inventory: Inventory, ledger: Ledger, through client: RedisClient) {
        self.inventory = inventory
        self.ledger = ledger
        self.client = client
    }

    /// The room of an event; nil if Redis does not have the event.
    ///
    /// - Parameter isFresh: whether the room must be read after this call.
    func view(of event: EventID, isFresh: Bool = false) async throws -> RoomView? {
        if let entry = entries[event] {
            if !isFresh, let view = presentView(of: event) { return view }
            // Not one that a slow connection delays: it shows the room as it was before the delay.
            if !isFresh, let reading = entry.reading, NIODeadline.now() - entry.begun < Self.lifetime {
                return try await reading.value
            }
        } else {
            makePlace()
            entries[event] = Entry()
        }
        let reading = Task { try await read(event) }
        entries[event]?.reading = reading
        entries[event]?.begun = NIODeadline.now()
        defer { if entries[event]?.reading == reading { entries[event]?.reading = nil } }
        return try await reading.value
    }

    /// The room of an event, if a view is known that is young enough; nil otherwise. Can be called on any thread.
    nonisolated func presentView(of event: EventID) -> RoomView? {
        guard let (view, since) = present.withLockedValue({ $0[event] }), NIODeadline.now() - since < Self.lifetime
        else { return nil }
        return view
    }

    private func setView(_ view: RoomView?, of event: EventID) {
        guard let since = entries[event]?.since else { return }
        present.withLockedValue { $0[event] = view.map { ($0, since) } }
    }

    private func makePlace() {
        let now = NIODeadline.now()
        entries = entries.filter { $0.value.reading != nil || now - $0.value.since < Self.keeping }
        if entries.count >= Self.limit, let oldest = entries.min(by: { $0.value.since < $1.value.since }) {
            entries[oldest.key] = nil
        }
        present.withLockedValue { [entries] views in views = views.filter { entries[$0.key] != nil } }
    }

    private func read(_ event: EventID) async throws -> RoomView? {
        let since = NIODeadline.now()
        let known = entries[event]?.ticks.count ?? 0
        guard let reading = try await inventory.room(of: event, after: known, through: client) else {
            // The draw and its ranks are the same if Redis has lost the event. Without them, all places would be in the lobby again.
            setView(nil, of: event)
            entries[event]?.ticks = RoomTicks()
            return nil
        }
        var entry = entries[event] ?? Entry()
        if entry.generation != reading.generation {
            entry = Entry()
            entry.generation = reading.generation
        }
        if let counters = reading.counters {
            entry.ticks.add(counters, at: reading.at)
        } else {
            entry.ticks = RoomTicks()
        }
        entry.since = since
        entries[event] = entry
        if entry.draw == nil, reading.rate != nil { try await readDraw(event, reading.generation) }
        if let draw = reading.counters?.draw { beginDraw(draw, of: event) }
        return keep(reading, of: event)
    }

    private func keep(_ reading: RoomReading, of event: EventID) -> RoomView? {
        guard let entry = entries[event], entry.generation == reading.generation else { return nil }
        let view = RoomView(
            event: event, reading: reading, ranks: entry.computed == reading.counters?.draw ? entry.ranks : nil,
            ticks: entry.ticks.valid, draw: entry.draw)
        setView(view, of: event)
        return view
    }

    private func readDraw(_ event: EventID, _ generation: Int) async throws {
        guard let room = try await ledger.room(of: event, generation: generation),
            entries[event]?.generation == generation
        else { return }
        entries[event]?.draw = RoomView.Draw(commitment: room.commitment, secret: room.secret)
    }

    /// Computes the ranks of a lobby on a thread of its own: it takes seconds of processor time for a very large one.
    private func beginDraw(_ draw: RoomDraw, of event: EventID) {
        guard let entry = entries[event], entry.computed != draw,
            let seed = entry.draw?.seed(of: draw, event, entry.generation)
        else { return }
        entries[event]?.computed = draw
        entries[event]?.ranks = draw.lobby == 0 ? [] : nil
        guard draw.lobby > 0 else { return }
        let generation = entry.generation
        Thread.detachNewThread {
            let ranks = RoomLottery.ranks(lobby: draw.lobby, seed: seed)
            Task { await self.set(ranks, of: draw, event, generation) }
        }
    }

    private func set(_ ranks: [UInt32], of draw: RoomDraw, _ event: EventID, _ generation: Int) {
        guard let entry = entries[event], entry.generation == generation, entry.computed == draw else { return }
        entries[event]?.ranks = ranks
        // The next request reads the room with its ranks.
        setView(nil, of: event)
    }
}

extension RoomView.Draw {
    func seed(of draw: RoomDraw, _ event: EventID, _ generation: Int) -> [UInt8]? {
        InstallationSecret(hexadecimal: secret, keyedFrom: Timestamp(milliseconds: 0)).map {
            RoomLottery.seed(secret: $0.bytes, event: event, generation: generation, lobby: draw.lobby)
        }
    }
}
