/// What a line of the audit trail says of its subject before or after the change: members with the names and the values of
/// the API, in their order.
package struct AuditDetails: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case time(Timestamp)
    }

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: Value
    }

    package private(set) var members: [Member] = []

    package init() {}

    /// Setting nil removes the member.
    package subscript(name: String) -> Value? {
        get { members.first { $0.name == name }?.value }
        set {
            if let index = members.firstIndex(where: { $0.name == name }) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
            } else if let newValue {
                members.append(Member(name: name, value: newValue))
            }
        }
    }

    /// The members that have another value in `other`, or are not in it.
    package func without(_ other: AuditDetails) -> AuditDetails {
        var result = self
        result.members.removeAll { other[$0.name] == $0.value }
        return result
    }
}

extension AuditDetails {
    /// The terms of an event, with the names of `PUT /events/{id}`.
    package init(_ terms: EventTerms) {
        self.init()
        self["name"] = .text(terms.name)
        self["capacity"] = .number(terms.capacity)
        self["max_quantity"] = .number(terms.maxQuantity)
        self["per_customer_limit"] = terms.customerLimit.map { .number($0) }
        self["hold_seconds"] = terms.holdSeconds.map { .number($0) }
        self["max_orders"] = terms.maxOrders.map { .number($0) }
        self["max_holds"] = terms.maxHolds.map { .number($0) }
        self["hold_pause_seconds"] = terms.holdPauseSeconds.map { .number($0) }
        if terms.hasWaitlist { self["waitlist"] = .flag(true) }
        self["offer_seconds"] = terms.offerSeconds.map { .number($0) }
        self["admission_rate"] = terms.admissionRate.map { .number($0) }
        // Without a waiting room it has no effect.
        if terms.hasRoom { self["pass_seconds"] = .number(terms.passSeconds) }
        self["lobby_opens_at"] = terms.lobbyOpensAt.map { .time($0) }
        self["opens_at"] = terms.opensAt.map { .time($0) }
        self["closes_at"] = terms.closesAt.map { .time($0) }
        self["paused"] = .flag(terms.paused)
        self["archived"] = .flag(terms.isArchived)
    }

    /// An order, without its customer.
    package init(_ order: Order) {
        self.init()
        self["event"] = .text(order.event.description)
        self["quantity"] = .number(order.quantity)
        self["status"] = .text(order.state.rawValue)
        self["version"] = .number(order.version)
    }
}
