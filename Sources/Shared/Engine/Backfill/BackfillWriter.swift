import Domain
import Ledger
import NIOCore
import RedisClient
import RedisSchema

/// Sends the chunks of events' orders to Redis, in order and with up to 4 calls in flight, so that the calls share the
/// cost of a round trip and of a disk sync. Used by one task.
final class BackfillWriter {
    private static let window = 4

    private let work: BackfillWork
    /// Where the next chunk of the current event begins.
    private var position = ""
    private var callsInFlight: [(event: EventID, units: Int, reply: EventLoopFuture<BackfillOutcome>)] = []
    private var outOfStep: Set<EventID> = []
    /// Units of each event that this writer has added to the progress.
    private(set) var unitsAdded: [EventID: Int] = [:]

    init(_ work: BackfillWork) { self.work = work }

    /// Begins the chunks of the next event.
    ///
    /// - Parameter position: up to which the event is backfilled already; empty for none.
    func begin(at position: String) { self.position = position }

    func write(_ orders: [Ledger.BackfillOrder], of event: LedgerEvent) async throws {
        for start in stride(from: 0, to: orders.count, by: BackfillChunk.size) {
            let part = orders[start..<min(start + BackfillChunk.size, orders.count)]
            try await send(part.map(\.row), of: event, to: part.last?.id ?? "")
        }
    }

    /// Writes the last chunk of an event, with the orders that the ledger does not have.
    func end(_ event: LedgerEvent, with unrecorded: [Order]) async throws {
        var rows = unrecorded.map { order in
            BackfillRow(
                customer: order.customer, units: order.state.holdsUnits ? order.quantity : 0, record: order)
        }[...]
        while rows.count > BackfillChunk.size {
            // This position is not an order id, so a process that resumes the backfill here begins the event again.
            try await send(Array(rows.prefix(BackfillChunk.size)), of: event, to: "stranded \(rows.count)")
            rows = rows.dropFirst(BackfillChunk.size)
        }
        try await send(Array(rows), of: event, to: BackfillChunk.last)
    }

    /// Waits for all calls in flight. Returns the events of which a chunk was not written, because the backfill in
    /// Redis was at another position.
    func finish() async throws -> Set<EventID> {
        while !callsInFlight.isEmpty { try await receive() }
        return outOfStep
    }

    private func send(_ rows: [BackfillRow], of event: LedgerEvent, to end: String) async throws {
        if callsInFlight.count >= Self.window { try await receive() }
        let chunk = BackfillChunk(
            event: event.id, generation: event.generation, stamp: event.stamp, start: position, end: end, rows: rows,
            countsOrders: event.terms.maxOrders != nil, countsHolds: event.terms.countsHolders)
        let progress = work.progress
        let script = BackfillScript(chunk, token: work.token, done: progress.done, total: progress.total)
        let units = rows.reduce(0) { $0 + $1.units }
        callsInFlight.append((event.id, units, try work.backfiller.partition.pipeline(script)))
        position = end
    }

    private func receive() async throws {
        let (event, units, reply) = callsInFlight.removeFirst()
        switch try await reply.get() {
        case .written:
            unitsAdded[event, default: 0] += units
            work.add(units)
        case .alreadyPublished: break
        case .outOfStep: outOfStep.insert(event)
        case .lost:
            throw RedisError(.preconditionFailed, "another process has taken over the backfill", mayHaveRun: false)
        }
    }
}
