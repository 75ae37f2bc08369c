import NIOConcurrencyHelpers
import TicketBlitzClient

/// The last observed state of a ticket's order.
enum Ending: Hashable, Sendable {
    /// The order is in the ledger, and is final or held.
    case order(state: String, quantity: Int)
    /// The target has no such order.
    case missing
    /// The order was not persisted at the deadline; the last state or error code.
    case inFlight(String)
}

/// Follows tickets until their orders are final, many at the same time.
struct Follower: Sendable {
    /// The maximum number of requests in flight.
    static let width = 64

    let api: Service
    let deadline: ContinuousClock.Instant

    func endings(of tickets: [String]) async -> [String: Ending] {
        let endings = NIOLockedValueBox<[String: Ending]>([:])
        let next = NIOLockedValueBox(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(Self.width, tickets.count) {
                group.addTask {
                    while true {
                        let index = next.withLockedValue { next in
                            defer { next += 1 }
                            return next
                        }
                        guard index < tickets.count else { return }
                        let ending = await ending(of: tickets[index])
                        endings.withLockedValue { $0[tickets[index]] = ending }
                    }
                }
            }
        }
        return endings.withLockedValue { $0 }
    }

    private func ending(of ticket: String) async -> Ending {
        var last = "not answered"
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            // Each ticket is requested at least once, even after the deadline.
            let wait = max(0, min(5, Int(left.seconds)))
            if let response = try? await api.send(.order(ticket, waiting: .seconds(wait))) {
                if response.status == 404 { return .missing }
                if response.status == 200, let state = response.fields?.state,
                    let quantity = response.fields?.quantity
                {
                    if state != "pending", response.fields?.persisted == true {
                        return .order(state: state, quantity: quantity)
                    }
                    last = state
                } else {
                    last = response.code
                }
            }
            guard ContinuousClock.now < deadline else { return .inFlight(last) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The target's counters once no order is pending, or those at the deadline.
    ///
    /// - Parameter isShared: whether other clients buy from the target: then the counters are those of this moment.
    func accountAtRest(of target: Target, isShared: Bool) async throws -> Account {
        while true {
            do {
                let account = try await api.account(target)
                if account.pending == 0 || isShared || ContinuousClock.now >= deadline { return account }
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
