import Domain
import RedisSchema
import Runtime

extension JSONObject {
    /// A place and what it means now.
    init(_ standing: Rooms.Standing, signedBy signer: RoomSigner) throws(Problem) {
        self.init()
        let text = try signer.text(standing.place)
        let reading = standing.view.reading
        self["place"] = .string(text)
        self["event"] = .string(standing.place.event.description)
        self["status_url"] = .string("/room/\(text)")
        switch standing.state {
        case .lobby:
            self["state"] = .string("lobby")
            self["opens_at"] = reading.opensAt.map { .string(RFC3339.text($0)) }
        case .waiting(let ahead, let seconds):
            self["state"] = .string("waiting")
            self["ahead"] = .integer(ahead)
            self["estimate_s"] = seconds.map { .integer($0) }
            self["reason"] = reading.counters?.stop.flatMap { $0 == .empty ? nil : .string($0.rawValue) }
        case .admitted(let end):
            self["state"] = .string("admitted")
            self["pass"] = .string(try signer.pass(of: standing.place, end: end))
            self["expires_at"] = .string(RFC3339.text(end))
        case .expired: self["state"] = .string("expired")
        case .soldOut: self["state"] = .string("sold_out")
        case .over: self["state"] = .string("over")
        }
    }

    /// A room, as everybody can see it.
    init(_ view: RoomView) {
        self.init()
        let reading = view.reading
        self["event"] = .string(view.event.description)
        self["admission_rate"] = reading.rate.map { .integer($0) }
        self["opens_at"] = reading.opensAt.map { .string(RFC3339.text($0)) }
        self["lobby_opens_at"] = reading.lobbyOpensAt.map { .string(RFC3339.text($0)) }
        if let counters = reading.counters {
            self["state"] = .string(counters.draw == nil ? "lobby" : counters.stop == nil ? "admitting" : "stopped")
            self["reason"] = counters.stop.flatMap { $0 == .empty ? nil : .string($0.rawValue) }
            self["places"] = .integer(counters.last)
            self["admitted"] = .integer(counters.admitted)
            self["waiting"] = .integer(max(0, counters.last - counters.admitted))
            self["unused_passes"] = .integer(counters.outstanding)
        }
        guard let known = view.draw else { return }
        self["commitment"] = .string(known.commitment)
        guard let draw = reading.counters?.draw, let seed = known.seed(of: draw, view.event, reading.generation) else {
            return
        }
        var object = JSONObject()
        object["generation"] = .integer(reading.generation)
        object["lobby"] = .integer(draw.lobby)
        object["drawn_at"] = .string(RFC3339.text(draw.at))
        object["secret"] = .string(known.secret)
        object["seed"] = .string(seed.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        self["draw"] = .object(object)
    }
}

extension Rooms.Standing {
    /// What a request waits for a change of: the name of the state, and why nobody is admitted; not how many people are ahead.
    struct Outline: Hashable {
        var state: PlaceState
        var stop: RoomStop?
    }

    var outline: Outline {
        switch state {
        case .waiting: Outline(state: .waiting(ahead: 0, seconds: nil), stop: view.reading.counters?.stop)
        case let state: Outline(state: state)
        }
    }
}

extension PlaceState {
    /// Whether a request waits for another state. A place that is admitted is answered at once: its pass is running out, and the
    /// client may not have seen it.
    var isWaitedFor: Bool {
        switch self {
        case .lobby, .waiting: true
        case .admitted, .expired, .soldOut, .over: false
        }
    }

    /// Seconds after which the state is worth another look; nil if it does not change any more.
    var secondsToNextLook: Int? {
        switch self {
        case .lobby: 5
        case .waiting(_, let seconds): seconds.map { min(10, max(1, $0 / 4)) } ?? 5
        case .admitted: 10
        case .expired, .soldOut, .over: nil
        }
    }
}
