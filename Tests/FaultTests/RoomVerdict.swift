@testable import Domain

/// Compares what people saw in a waiting room with what docs/waiting-room.md and docs/guarantees.md promise. It does no I/O.
///
/// A response shows the room as it was 250 ms ago at most, so two responses are compared only if the second request began later
/// than that after the first response.
struct RoomVerdict: Hashable, CustomStringConvertible {
    /// Numbers that two people have.
    var shared: [String] = []
    /// People who were answered with another place, although the one that they had was neither expired nor forgotten.
    var moved: [String] = []
    /// Places that the service did not know, or called over while the sale went on.
    var lost: [String] = []
    /// Places that did not reach an end.
    var unended: [String] = []
    /// Standings that no admission in the order of the draw explains.
    var wrongRanks: [String] = []
    /// Standings after which fewer people were admitted than before.
    var wentBack: [String] = []
    /// Draws other than that of the ledger, and places that were in the lobby again.
    var redrawn: [String] = []
    /// Places with two passes, and passes of other places.
    var twoPasses: [String] = []
    /// Passes that did not last until their end, or were refused.
    var shortPasses: [String] = []
    /// Places with more units than one pass buys, and passes that were refused before.
    var miscounted: [String] = []
    /// Standings that more people a second explain than the rate.
    var tooFast: [String] = []
    /// A sale that did not sell exactly its capacity.
    var unsold: [String] = []
    var places = 0
    var standings = 0
    var bought = 0

    var holds: Bool { violations.isEmpty }

    private var violations: [String] {
        [
            ("shared", shared), ("moved", moved), ("lost", lost), ("unended", unended), ("wrong ranks", wrongRanks),
            ("went back", wentBack), ("redrawn", redrawn), ("two passes", twoPasses), ("short passes", shortPasses),
            ("miscounted", miscounted), ("too fast", tooFast), ("unsold", unsold),
        ].filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.count) \($0.1.prefix(3))" }
    }

    var description: String {
        "\(places) places, \(standings) standings, \(bought) purchases; "
            + (holds ? "no violation" : violations.joined(separator: ", "))
    }

    /// The largest age of what a response shows, with the rounding of two clocks to milliseconds.
    static let age: Int64 = 252

    init(_ requests: [RoomRequest], _ state: RoomState, draws: Set<ShownDraw> = []) {
        let sightings = requests.compactMap(Sighting.init)
        standings = sightings.count
        checkPlaces(requests, sightings, state)
        checkOrder(sightings, state)
        checkDraw(sightings, state, draws)
        checkPasses(requests, sightings, state)
        if let sold = state.sold, sold != state.capacity { unsold.append("\(sold) of \(state.capacity) are sold") }
    }

    /// A place as a response showed it.
    struct Sighting {
        let place: RoomPlace
        let standing: RoomStanding
        let begun: Int64
        let ended: Int64
        let process: String

        init?(_ request: RoomRequest) {
            guard case .standing(let place, let standing) = request.outcome else { return nil }
            self.place = place
            self.standing = standing
            (begun, ended, process) = (request.begun, request.ended, request.process)
        }
    }

    // MARK: Places

    private mutating func checkPlaces(_ requests: [RoomRequest], _ sightings: [Sighting], _ state: RoomState) {
        var owners: [Int: String] = [:]
        var present: [String: (place: RoomPlace, ended: Int64)] = [:]
        var given: Set<RoomPlace> = []
        let ends = Self.ends(sightings)
        for request in requests.sorted(by: { $0.ended < $1.ended }) {
            if case .look(let place) = request.kind, case .refused("place-not-found") = request.outcome {
                lost.append("\(place.number) was not found")
            }
            guard case .standing(let place, let standing) = request.outcome else { continue }
            if standing == .over { lost.append("\(place.number) is over") }
            guard case .join(let person, let isNamed) = request.kind else { continue }
            // Whose pass has ended gets a new place.
            if standing == .expired { shortPasses.append("\(person) got \(place.number), which had ended") }
            given.insert(place)
            if let owner = owners[place.number], owner != person {
                shared.append("\(place.number) of \(owner) and \(person)")
            }
            owners[place.number] = person
            if isNamed, let known = present[person], known.place != place {
                // Its pass had ended, or Redis has forgotten the name.
                let hasEnded = (ends[known.place] ?? .max) <= request.ended
                if !hasEnded, !state.hasLoss(known.ended...max(known.ended, request.ended)) {
                    moved.append("\(person) from \(known.place.number) to \(place.number)")
                }
            }
            present[person] = (place, request.ended)
        }
        places = given.count
        let last = Dictionary(
            sightings.sorted { $0.ended < $1.ended }.map { ($0.place, $0.standing) }, uniquingKeysWith: { $1 })
        for place in given {
            switch last[place] {
            case .admitted, .expired, .soldOut, .over: break
            case .lobby, .waiting, nil: unended.append("\(place.number): \(last[place].map { "\($0)" } ?? "-")")
            }
        }
    }

    /// When the pass of each place has ended at the latest, as far as its holder can know: its end, or a response that said so.
    private static func ends(_ sightings: [Sighting]) -> [RoomPlace: Int64] {
        var ends: [RoomPlace: Int64] = [:]
        for sighting in sightings {
            switch sighting.standing {
            case .admitted(let pass): ends[sighting.place] = min(ends[sighting.place] ?? .max, pass.end)
            // Its holder did not look while it was admitted. A response is too late to say when that ended.
            case .expired: ends[sighting.place] = min(ends[sighting.place] ?? .max, 0)
            case .lobby, .waiting, .soldOut, .over: break
            }
        }
        return ends
    }
}
