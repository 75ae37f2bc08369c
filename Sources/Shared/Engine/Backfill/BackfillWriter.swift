import Domain
import Ledger
import NIOCore
import RedisClient
import RedisSchema

/// Sends pages of events' orders to Redis in their order, a few under way at a time: what a round trip and a sync cost,
/// they share. Used by one task.
final class BackfillWriter {
    private static let window = 4

    private let work: BackfillWork
    private var place = ""
    private var inFlight: [(event: EventID, units: Int, answer: EventLoopFuture<BackfillOutcome>)] = []
    private var outOfStep: Set<EventID> = []
    /// Units of each event that this has noted as done.
    private(set) var noted: [EventID: Int] = [:]

    init(_ work: BackfillWork) { self.work = work }

    /// - Parameter place: where the filling of the event stands; empty to begin.
    func begin(at place: String) { self.place = place }

    func write(_ orders: [Ledger.BackfillOrder], of event: LedgerEvent) async throws {
        for start in stride(from: 0, to: orders.count, by: BackfillChunk.size) {
            let part = orders[start..<min(start + BackfillChunk.size, orders.count)]
            try await send(part.map(\.row), of: event, to: part.last?.id ?? "")
        }
    }

    /// Ends an event's pages, with orders that the ledger does not have.
    func end(_ event: LedgerEvent, with stranded: [Order]) async throws {
        var rows = stranded.map { BackfillRow(customer: $0.customer, units: $0.quantity, record: $0) }[...]
        while rows.count > BackfillChunk.size {
            // Nobody can go on from here; who tries begins anew.
            try await send(Array(rows.prefix(BackfillChunk.size)), of: event, to: "stranded \(rows.count)")
            rows = rows.dropFirst(BackfillChunk.size)
        }
        try await send(Array(rows), of: event, to: BackfillChunk.last)
    }

    /// Waits for what is under way; the events of which a page was not carried out, as the filling stood elsewhere.
    func finish() async throws -> Set<EventID> {
        while !inFlight.isEmpty { try await receive() }
        return outOfStep
    }

    private func send(_ rows: [BackfillRow], of event: LedgerEvent, to end: String) async throws {
        if inFlight.count >= Self.window { try await receive() }
        let page = BackfillChunk(
            event: event.id, generation: event.generation, stamp: event.stamp, start: place, end: end, rows: rows)
        let progress = work.progress
        let script = BackfillScript(page, token: work.token, done: progress.done, total: progress.total)
        let units = rows.reduce(0) { $0 + $1.units }
        inFlight.append((event.id, units, try work.filler.partition.pipeline(script)))
        place = end
    }

    private func receive() async throws {
        let (event, units, answer) = inFlight.removeFirst()
        switch try await answer.get() {
        case .written:
            noted[event, default: 0] += units
            work.add(units)
        case .alreadyPublished: break
        case .outOfStep: outOfStep.insert(event)
        case .lost:
            throw RedisError(.preconditionFailed, "another process has taken over the filling", mayHaveRun: false)
        }
    }
}
