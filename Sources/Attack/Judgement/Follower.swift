import NIOConcurrencyHelpers

/// How a ticket ended.
enum Ending: Hashable, Sendable {
    /// The order is final, or held, and in the ledger.
    case order(state: String, quantity: Int)
    /// The target says that there is no such order.
    case missing
    /// It was still on its way when the time was over; what was said last.
    case inFlight(String)
}

/// Follows tickets to their ends, many at a time.
struct Follower: Sendable {
    /// Requests under way at most.
    static let width = 64

    let api: Service
    let deadline: ContinuousClock.Instant

    func endings(of tickets: [String]) async -> [String: Ending] {
        let box = NIOLockedValueBox<[String: Ending]>([:])
        let next = NIOLockedValueBox(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(Self.width, tickets.count) {
                group.addTask {
                    while true {
                        let place = next.withLockedValue { place in
                            defer { place += 1 }
                            return place
                        }
                        guard place < tickets.count else { return }
                        let ending = await ending(of: tickets[place])
                        box.withLockedValue { $0[tickets[place]] = ending }
                    }
                }
            }
        }
        return box.withLockedValue { $0 }
    }

    private func ending(of ticket: String) async -> Ending {
        var last = "not answered"
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            // Each is asked once at least, however late it is.
            let wait = max(0, min(5, Int(left.seconds)))
            if let answer = try? await api.send(.GET, "/orders/\(ticket)?wait=\(wait)") {
                if answer.status == 404 { return .missing }
                if answer.status == 200, let state = answer.fields?.state, let quantity = answer.fields?.quantity {
                    if state != "pending", answer.fields?.persisted == true {
                        return .order(state: state, quantity: quantity)
                    }
                    last = state
                } else {
                    last = answer.code
                }
            }
            guard ContinuousClock.now < deadline else { return .inFlight(last) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The target's account once nothing is on its way any more, or as it is when the time is over.
    func accountAtRest(of target: Target) async throws -> Account {
        while true {
            do {
                let account = try await api.account(target)
                if account.pending == 0 || ContinuousClock.now >= deadline { return account }
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
