import Foundation
import NIOConcurrencyHelpers
import TestSupport

@testable import Domain

/// A sale with a waiting room and another with a waiting list on a cluster during faults. Afterwards everybody has come to an end, and
/// what they saw is checked.
struct WaitingRun: Sendable {
    struct Terms: Sendable {
        var capacity = 70
        /// People a second: the sale goes on while the faults happen.
        var rate = 8
        var people = 120
        /// Whether more people want units than there are.
        var isSoldOut = true
    }

    struct Result: Sendable, CustomStringConvertible {
        let room: RoomVerdict
        let list: ListVerdict
        let orders: Verdict

        var description: String { "room: \(room)\nlist: \(list)\norders: \(orders)" }
    }

    private static let roomAgents = 6
    private static let listAgents = 4
    static let maxQuantity = 2
    static let offerSeconds = 10
    private static let admin = ["Authorization": "Bearer \(Cluster.token)"]

    let terms: Terms
    let cluster: Cluster
    let room: RoomLoad
    let list: ListLoad
    let orders = History()
    let losses = NIOLockedValueBox<[ClosedRange<Int64>]>([])
    /// From the beginning of a fault until people are answered again.
    let outages = NIOLockedValueBox<[ClosedRange<Int64>]>([])

    init(_ terms: Terms = Terms(), seed: UInt64, on cluster: Cluster) {
        self.terms = terms
        self.cluster = cluster
        room = RoomLoad(history: RoomHistory(), orders: orders, cluster: cluster, seed: seed)
        list = ListLoad(history: ListHistory(), orders: orders, cluster: cluster, seed: seed)
    }

    /// - Parameters:
    ///   - lobby: the faults before the opening.
    ///   - opening: the fault while the sale opens.
    ///   - sale: the faults afterwards, one after another.
    func result(_ name: String, lobby: [Fault] = [], opening: Fault? = nil, sale: [Fault]) async throws -> Result {
        try await put(
            RoomLoad.event,
            #"""
            {"capacity":\#(terms.capacity),"max_quantity":\#(Self.maxQuantity),"admission_rate":\#(terms.rate),\#
            "pass_seconds":10,"opens_at":"2099-01-01T00:00:00Z"}
            """#)
        try await put(
            ListLoad.event,
            #"{"capacity":12,"hold_seconds":3,"waitlist":true,"offer_seconds":\#(Self.offerSeconds),"max_quantity":3}"#)
        let hasSold = NIOLockedValueBox(false)
        let buying = Task {
            await room.run(agents: Self.roomAgents, people: terms.people)
            hasSold.withLockedValue { $0 = true }
        }
        let waiting = Task { await list.run(agents: Self.listAgents) }
        do {
            try await eventually("half of the people have a place", within: 240) {
                room.history.people >= terms.people / 2
            }
            for fault in lobby { try await inject(fault, hasSold) }
            async let injected: Void = inject(opening, hasSold)
            try await put(RoomLoad.event, #"{"opens_at":"2020-01-01T00:00:00Z"}"#)
            try await injected
            for fault in sale { try await inject(fault, hasSold) }
            try await eventually("everybody has bought or learned that nothing is left", within: 400) {
                hasSold.withLockedValue { $0 }
            }
        } catch {
            for task in [buying, waiting] { task.cancel() }
            throw GaveUp(description: "\(error)\n\(room.history.lastOutcomes)\n\(await cluster.logs)")
        }
        list.close()
        for task in [buying, waiting] { await task.value }
        try await cluster.waitUntilAtRest([Cluster.scarce, ListLoad.event])
        try await joinLate()
        try await lookAtAllPlaces()
        let result = try await check()
        report("fault: waiting: \(name): \(result)")
        return result
    }

    /// Injects a fault, and waits until people are answered again.
    private func inject(_ fault: Fault?, _ hasSold: NIOLockedValueBox<Bool>) async throws {
        guard let fault else { return }
        var generator = SeededGenerator(seed: room.seed)
        let begun = Timestamp.now.milliseconds
        try await fault.inject(cluster, &generator)
        if Fault.losses.contains(where: { $0.name == fault.name }) {
            // A process shows what it read before for a moment.
            let ended = Timestamp.now.milliseconds + RoomVerdict.age
            losses.withLockedValue { $0.append(begun...ended) }
        }
        let before = (room.history.answered, list.history.answered)
        try await eventually("people are answered after \(fault)", within: 60) {
            list.history.answered > before.1 + 10
                && (room.history.answered > before.0 + 20 || hasSold.withLockedValue { $0 })
        }
        // A request that waits for a connection that the fault has left behind gives up after a second.
        outages.withLockedValue { $0.append(begun...Timestamp.now.milliseconds + 2000) }
    }

    /// Sets the terms of an event. Again after a 503, or while a link is cut.
    private func put(_ event: String, _ body: String) async throws {
        let ports = cluster.apiPorts
        try await eventually("the event \(event) has its terms", within: 60) {
            for port in ports {
                let response = try? await HTTPClient(port: port).send(
                    "PUT", "/events/\(event)", body, headers: Self.admin, within: .seconds(5))
                if let response, response.status == 201 || response.status == 200 { return true }
            }
            return false
        }
    }

    /// Somebody comes when all others have come to an end: long after a loss, for example.
    private func joinLate() async throws {
        try await eventually("somebody joins late", within: 60) {
            let outcome = await room.send(
                .join(person: "late", isNamed: true), "POST", "/events/\(RoomLoad.event)/room",
                #"{"customer":"late"}"#, api: 1)
            if case .standing = outcome { return true }
            return false
        }
    }

    /// Until each place of the room shows an end, or for a minute.
    private func lookAtAllPlaces() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        _ = try await Array(room.history.places).inParallel(4) { place in
            var api = 0
            while ContinuousClock.now < deadline {
                api = (api + 1) % cluster.apiPorts.count
                let outcome = await room.send(.look(place), "GET", "/room/\(place.text)", api: api)
                switch outcome {
                case .standing(_, .admitted), .standing(_, .expired), .standing(_, .soldOut), .standing(_, .over),
                    .refused("place-not-found"):
                    return
                default: try await Task.sleep(for: .milliseconds(200))
                }
            }
        }
    }
}
