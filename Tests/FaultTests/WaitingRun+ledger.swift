import TestSupport

@testable import Domain

/// The comparison with the ledger.
extension WaitingRun {
    func check() async throws -> Result {
        var final = try await cluster.finalState()
        let operations = orders.operations
        let rows = final.rows
        let load = Load(history: orders, ports: cluster.apiPorts, seed: room.seed)
        final.replays = try await load.replays(
            of: ClientObservations(operations, final.ids).keyed.filter { id, kind in
                guard rows[id] != nil, case .join = kind else { return false }
                return true
            })
        return Result(
            room: RoomVerdict(room.history.requests, try await roomState(), draws: room.history.draws),
            list: ListVerdict(list.history.requests, try await listState(final)), orders: Verdict(operations, final))
    }

    private func roomState() async throws -> RoomState {
        let event = EventID(RoomLoad.event) ?? .demo
        let room = try await cluster.sql("SELECT lobby, secret, generation FROM rooms WHERE event_id = '\(event)'")
            .first
        let sold = try await cluster.sql("SELECT sold FROM events WHERE id = '\(event)'").first?.first
        var state = RoomState(
            event: event, rate: terms.rate, maxQuantity: Self.maxQuantity, capacity: terms.capacity,
            losses: losses.withLockedValue { $0 })
        if terms.isSoldOut { state.sold = sold.flatMap { $0.flatMap { Int($0) } } ?? -1 }
        if let lobby = room?[0].flatMap({ Int($0) }), let secret = room?[1].flatMap({ [UInt8](hexadecimal: $0) }) {
            state.draw = RoomState.Draw(
                lobby: lobby, secret: secret, event: event, generation: room?[2].flatMap { Int($0) } ?? 0)
        }
        return state
    }

    private func listState(_ final: FinalState) async throws -> ListState {
        let counts = final.events[ListLoad.event]
        var state = ListState(
            rows: [:], offer: Int64(Self.offerSeconds) * 1000, available: counts?.redis.available ?? -1,
            losses: losses.withLockedValue { $0 }, outages: outages.withLockedValue { $0 })
        let times = try await cluster.sql(
            """
            SELECT id, floor(extract(epoch FROM claimed_at) * 1000)::bigint,
                floor(extract(epoch FROM expires_at) * 1000)::bigint
            FROM orders WHERE event_id = '\(ListLoad.event)'
            """)
        for row in times {
            guard let id = row[0].flatMap({ OrderID($0) }), let order = final.rows[id],
                let claimedAt = row[1].flatMap({ Int64($0) })
            else { throw GaveUp(description: "a row of another form: \(row)") }
            state.rows[id] = ListState.Row(
                quantity: order.quantity, isPlace: order.customer?.hasPrefix("place") ?? false, state: order.state,
                claimedAt: claimedAt, expiresAt: row[2].flatMap { Int64($0) })
        }
        return state
    }
}

extension [UInt8] {
    /// Nil if the text has other characters than hexadecimal digits.
    fileprivate init?(hexadecimal text: String) {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count % 2 == 0 else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
