import Domain
import Ledger
import RedisClient
import RedisSchema

/// Reading and correcting an event's counters.
extension Inventory {
    /// Entries that a survey looks through at most: Redis does nothing else meanwhile, some 20 ms.
    static let surveyLimit = 20_000

    package enum SurveyOutcome: Hashable {
        case found(ExpectedCounts.Survey)
        /// So many entries are on their way; nothing can be said before they are fewer.
        case tooMany(Int)
        /// Redis has no such event in this generation, or its counters cannot be read.
        case notLoaded
    }

    /// - Parameter customers: whose units are to be told, too.
    package func survey(
        _ event: borrowing LockedEvent, customers: [String] = []
    ) async throws(RedisError) -> SurveyOutcome {
        let keys = partitioning.home(of: event.id)
        let connection = client.connection
        // Batches come and go; between naming them and looking into them none may have.
        for _ in 0..<200 {
            let named = try await connection.send(RedisCommand("ZRANGE", keys.leases, "0", "-1")).array ?? []
            var call = RedisScriptCall(
                Scripts.survey,
                keys: [keys.event(event.id), keys.queue, keys.deadLetters, keys.leases, keys.customers(event.id)],
                arguments: [event.id.description, String(Self.surveyLimit), String(customers.count)] + customers)
            for token in named.compactMap(\.string) {
                call.append(key: keys.batch(token))
                call.append(token)
            }
            let answer = try await connection.evaluate(call).array ?? []
            switch answer.first?.integer {
            case 0: return Self.outcome(answer, event.event, customers)
            case 1: continue
            case 2: return .tooMany(answer.last?.integer.map { Int($0) } ?? 0)
            default:
                throw RedisError(.protocolViolation, "the survey script answered in another form", mayHaveRun: false)
            }
        }
        throw RedisError(.overloaded, "batches come and go too fast to be looked at", mayHaveRun: false)
    }

    private static func outcome(
        _ answer: [RESPValue], _ event: LedgerEvent, _ customers: [String]
    ) -> SurveyOutcome {
        let numbers = answer.dropFirst().prefix(7).map { $0.integer.map { Int($0) } }
        guard numbers.count == 7, numbers[0] == event.generation, let capacity = numbers[1], let stock = numbers[2],
            let pending = numbers[3], let held = numbers[4], let sold = numbers[5], var unreadable = numbers[6],
            answer.count >= 8 + customers.count
        else { return .notLoaded }
        let units = answer[8..<8 + customers.count].map { $0.integer.map { Int($0) } ?? 0 }
        var snapshots: [Order] = []
        for case .bulkString(let entry) in answer.dropFirst(8 + customers.count) {
            if let order = try? QueueEntry.decode(entry) { snapshots.append(order) } else { unreadable += 1 }
        }
        let counts = UnitCounts(available: stock, pending: pending, held: held, sold: sold)
        return .found(
            ExpectedCounts.Survey(
                counts: counts, capacity: capacity, snapshots: snapshots, unreadable: unreadable,
                customers: Dictionary(zip(customers, units)) { $1 }))
    }

    /// Moves an event's counters. False where the event is not here.
    package func adjust(
        _ event: borrowing LockedEvent, by moves: UnitCounts
    ) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event.id)
        let call = RedisScriptCall(
            Scripts.adjustCounts, keys: [keys.event(event.id)],
            arguments: [event.generation, moves.available, moves.pending, moves.held, moves.sold].map { String($0) })
        return try await client.connection.evaluate(call, in: keys, behind: fence).integer == 1
    }
}
