import Domain

/// The members of a group, grouped by event, with the events in order of appearance. Scripts process the members of an
/// event together, and read and write its counters once.
struct EventGrouping {
    struct Group {
        var id: EventID
        var indices: [Int]
    }

    private(set) var groups: [Group] = []
    /// The indices of the members in the order in which the script processes them.
    let indices: [Int]

    init(_ ids: some Sequence<EventID>) {
        for (index, id) in ids.enumerated() {
            if let group = groups.firstIndex(where: { $0.id == id }) {
                groups[group].indices.append(index)
            } else {
                groups.append(Group(id: id, indices: [index]))
            }
        }
        indices = groups.flatMap(\.indices)
    }

    /// An event without members.
    init(empty event: EventID) {
        groups = [Group(id: event, indices: [])]
        indices = []
    }
}

extension ScriptEncoder {
    /// One row of `events`: the event's keys, its id, and the number of its orders.
    mutating func encode(_ group: EventGrouping.Group) {
        key("event", keys.event(group.id))
        key("customers", keys.customers(group.id))
        key("holds", keys.holds(group.id))
        key("holders", keys.holders(group.id))
        key("lapsed", keys.lapsed(group.id))
        key("waiting", keys.waiting(group.id))
        text("id", group.id.description)
        number("count", group.indices.count)
    }
}
