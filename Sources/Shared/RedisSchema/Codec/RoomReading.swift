package import Domain

/// The admission of some ranks.
package struct RoomTick: Hashable, Sendable {
    /// More admissions with valid passes than any room has.
    package static let limit = 5000

    /// The ranks above this one are admitted, up to `to`.
    package var from: Int
    package var to: Int
    /// When the passes end.
    package var end: Timestamp

    package init(from: Int, to: Int, end: Timestamp) {
        self.from = from
        self.to = to
        self.end = end
    }

    /// As admit.lua writes it.
    package init?(_ text: String) {
        let parts = text.split(separator: "|").map { Int64($0) }
        guard parts.count == 3, let from = parts[0], let to = parts[1], let end = parts[2] else { return nil }
        self.init(from: Int(from), to: Int(to), end: Timestamp(milliseconds: end))
    }
}

/// A waiting room in Redis at one moment.
package struct RoomReading: Hashable, Sendable {
    package var at: Timestamp
    package var generation: Int
    /// People a second; nil if the event has no waiting room.
    package var rate: Int?
    package var opensAt: Timestamp?
    package var closesAt: Timestamp?
    package var lobbyOpensAt: Timestamp?
    /// The counters; nil if the event has no waiting room, or if it is being recovered.
    package var counters: Counters?

    package struct Counters: Hashable, Sendable {
        /// The last number that was given.
        package var last: Int
        /// Nil until the ledger has the draw.
        package var draw: RoomDraw?
        /// The rank up to which people are admitted, as far as the replicas have it.
        package var admitted: Int
        /// Passes that are valid and were not used. After a loss of Redis, those of numbers that certainly belong to people.
        package var outstanding: Int
        /// Nil while admission moves.
        package var stop: RoomStop?
        /// The number of admissions since the room exists; the last of them are in `ticks`.
        package var tickCount: Int
        package var ticks: [RoomTick]
        /// Whether `ticks` has all admissions whose passes are valid.
        package var hasAllTicks: Bool
    }

    /// Nil if Redis does not have the event.
    ///
    /// - Parameter limit: the number of admissions that were asked for.
    package init?(
        event: [String: String], room: [String: String], ticks: [RoomTick], limit: Int, at: Timestamp
    ) {
        guard let generation = event["generation"].flatMap({ Int($0) }) else { return nil }
        func time(_ name: String) -> Timestamp? {
            event[name].flatMap { Int64($0) }.map(Timestamp.init(milliseconds:))
        }
        self.at = at
        self.generation = generation
        rate = event["admission_rate"].flatMap { Int($0) }
        opensAt = time("opens_at")
        closesAt = time("closes_at")
        lobbyOpensAt = time("lobby_opens_at")
        func number(_ name: String) -> Int? { room[name].flatMap { Int($0) } }
        guard rate != nil, number("generation") == generation, event["closed"] != "1", let last = number("last"),
            let admitted = number("admitted"), let count = number("ticks")
        else { return }
        var draw: RoomDraw?
        if room["saved"] == "1", let lobby = number("lobby"), let drawnAt = number("drawn_at") {
            draw = RoomDraw(lobby: lobby, at: Timestamp(milliseconds: Int64(drawnAt)))
        }
        // What the replicas have. An admission since the counters were read is not counted in `ticks` either.
        let shown = number("shown") ?? 0
        let counted = ticks.filter { $0.to <= admitted }
        let visible = counted.filter { $0.to <= shown }
        counters = Counters(
            last: last, draw: draw, admitted: min(shown, admitted), outstanding: number("outstanding") ?? 0,
            stop: room["reason"].flatMap(RoomStop.init(rawValue:)), tickCount: count - (counted.count - visible.count),
            ticks: visible,
            hasAllTicks: ticks.count < limit)
    }

    /// Whether admissions after the first `known` ones may be missing in `ticks`.
    package func lacksTicks(after known: Int) -> Bool {
        guard let counters else { return false }
        return !counters.hasAllTicks && counters.ticks.count < counters.tickCount - known
    }
}
