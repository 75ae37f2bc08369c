import Domain
import RedisClient
import RedisSchema

/// The members of a group by the event they belong to, the events in order of appearance: scripts take the members of an
/// event together, and read and write its counters once.
struct EventGrouping {
    private(set) var events: [(id: EventID, places: [Int])] = []

    init(_ ids: some Sequence<EventID>) {
        for (place, id) in ids.enumerated() {
            if let index = events.firstIndex(where: { $0.id == id }) {
                events[index].places.append(place)
            } else {
                events.append((id, [place]))
            }
        }
    }

    /// An event without members.
    init(empty event: EventID) {
        events = [(event, [])]
    }

    /// The members' places in the order in which the script takes them.
    var places: some Sequence<Int> { events.lazy.flatMap(\.places) }

    /// Appends each event's keys, and how many events there are, each with its id, the number of its members, and `also`.
    func append(to call: inout RedisScriptCall, keys: Keyspace, also: String? = nil) {
        call.append(events.count)
        for event in events {
            call.append(key: keys.event(event.id))
            call.append(key: keys.customers(event.id))
            call.append(key: keys.holds(event.id))
            call.append(event.id.description)
            call.append(event.places.count)
            if let also { call.append(also) }
        }
    }
}
