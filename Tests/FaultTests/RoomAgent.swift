import TestSupport

@testable import Domain

/// Some of the people in a waiting room, one request at a time.
struct RoomAgent {
    private struct Person {
        /// How somebody is known to the room.
        enum Name { case customer, key, none }

        let id: String
        let name: Name
        /// The units to buy, one or two at a time; 0 for somebody who lets the pass end.
        let wish: Int
        var place: RoomPlace?
        var standing: RoomStanding?
        var bought = 0
        /// The number of the purchase whose outcome is unknown, or of the next one.
        var purchase = 0
        var quantity: Int
        /// Whether the person wants nothing any more, and looks until the pass ends.
        var hasFinished = false
        var isDone = false
    }

    private let load: RoomLoad
    private var people: [Person] = []
    private var generator: SeededGenerator

    init(load: RoomLoad, number: Int, people count: Int) {
        self.load = load
        generator = SeededGenerator(seed: load.seed &* 1000 &+ UInt64(number))
        for index in 0..<count {
            let names: [Person.Name] = [.customer, .customer, .key, .none]
            people.append(
                Person(
                    id: "guest\(number)-\(index)", name: names[index % 4],
                    // More than a pass buys: the last purchase is refused.
                    wish: index % 12 == 11 ? 0 : Int.random(in: 1...3, using: &generator),
                    quantity: Int.random(in: 1...2, using: &generator)))
        }
    }

    /// Whether nobody wants anything any more.
    var isDone: Bool { people.allSatisfy { $0.isDone || $0.hasFinished || $0.standing == .soldOut } }

    /// A request of somebody. Places are taken one after another, so that some come after the opening.
    mutating func step() async {
        let newcomer = people.indices.first { people[$0].place == nil }
        let present = people.indices.filter { people[$0].place != nil && !people[$0].isDone }
        // Those who still want something are faster.
        let eager = present.filter { !people[$0].hasFinished }
        let api = Int.random(in: 0..<load.cluster.apiPorts.count, using: &generator)
        if let newcomer, present.isEmpty || chance(15) {
            await join(newcomer, api)
        } else if let index = (eager.isEmpty || chance(15) ? present : eager).randomElement(using: &generator) {
            await act(index, api)
        }
        if chance(2) { await load.lookAtTheDraw() }
        try? await Task.sleep(for: .milliseconds(20))
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    private mutating func act(_ index: Int, _ api: Int) async {
        let person = people[index]
        switch person.standing {
        case .admitted(let pass) where person.bought < person.wish && !person.hasFinished:
            await buy(index, pass, api)
        case .admitted where person.wish > 0:
            people[index].hasFinished = true
            await look(index, api)
        case .expired:
            if person.wish > 0, person.bought == 0 { await join(index, api) } else { people[index].isDone = true }
        case .over: people[index].isDone = true
        case nil, .lobby, .waiting, .admitted, .soldOut:
            // Somebody who joins again has the same place.
            if person.name != .none, chance(12) { await join(index, api) } else { await look(index, api) }
        }
    }

    private mutating func look(_ index: Int, _ api: Int) async {
        guard let place = people[index].place else { return }
        let outcome = await load.send(.look(place), "GET", "/room/\(place.text)", api: api)
        if case .standing(_, let standing) = outcome { people[index].standing = standing }
    }

    private mutating func join(_ index: Int, _ api: Int) async {
        let person = people[index]
        let outcome = await load.send(
            .join(person: person.id, isNamed: person.name != .none), "POST", "/events/\(RoomLoad.event)/room",
            person.name == .customer ? #"{"customer":"\#(person.id)"}"# : nil,
            headers: person.name == .key ? ["Idempotency-Key": person.id] : [:], api: api)
        guard case .standing(let place, let standing) = outcome else { return }
        // After a loss, a second place: the first one is better.
        guard person.place == nil || person.place == place || person.standing == .expired else { return }
        (people[index].place, people[index].standing) = (place, standing)
    }

    private mutating func buy(_ index: Int, _ pass: RoomPass, _ api: Int) async {
        let person = people[index]
        guard let place = person.place else { return }
        let key = "\(person.id)-\(person.purchase)"
        let event = RoomLoad.event
        let outcome = await load.send(
            .buy(place, pass, quantity: person.quantity), "POST", "/buy",
            #"{"event":"\#(event)","customer":"\#(person.id)","quantity":\#(person.quantity)}"#,
            headers: ["Admission-Pass": pass.text, "Idempotency-Key": key], api: api)
        let kind = Operation.Kind.buy(event: event, quantity: person.quantity, customer: person.id, key: key)
        switch outcome {
        case .bought(let id):
            load.orders.add(kind, .ok(id, .pending))
            people[index].bought += person.quantity
            people[index].purchase += 1
        case .unknown: load.orders.add(kind, .unknown(nil))
        case .refused(let code):
            load.orders.add(kind, .refused(code))
            switch code {
            case "pass-used": people[index].hasFinished = true
            case "pass-expired", "sold-out", "insufficient-stock", "all-held":
                people[index].standing = nil
                people[index].quantity = 1
                people[index].purchase += 1
            default: break
            }
        case .standing: break
        }
        if case .bought = outcome { people[index].quantity = Int.random(in: 1...2, using: &generator) }
    }
}
