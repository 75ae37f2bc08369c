import Domain
import Ledger
import NIOCore
import Runtime
import Webhooks

/// The body of `PUT /admin/webhooks/{id}`. An omitted field is unchanged; a new endpoint wants everything.
struct WebhookRequest: Sendable {
    static let eventLimit = 100

    private let url: WebhookURL??
    private let types: [ChangeType]??
    private let events: [EventID]??
    private let paused: Bool?

    init(_ body: ByteBuffer, allowsPrivate: Bool) throws(Problem) {
        let object = try StrictObject.read(body, fields: ["url", "types", "events", "paused"])
        url = try object.flatMap { (object) throws(Problem) in
            try Self.field("url", in: object) { (object) throws(Problem) in
                guard let text = try object.text("url") else { return nil }
                do throws(WebhookURLFlaw) { return try WebhookURL(text, allowsPrivate: allowsPrivate) } catch {
                    throw .invalid("url", "url cannot be used: \(error).")
                }
            }
        }
        types = try object.flatMap { (object) throws(Problem) in
            try Self.list("types", in: object, limit: ChangeType.wanted.count, of: Self.typeNames) { text in
                ChangeType(rawValue: text).flatMap { ChangeType.wanted.contains($0) ? $0 : nil }
            }
        }
        events = try object.flatMap { (object) throws(Problem) in
            try Self.list("events", in: object, limit: Self.eventLimit, of: "ids of events") { EventID($0) }
        }
        paused = try object.flatMap { (object) throws(Problem) in try object.boolean("paused") }
    }

    private static var typeNames: String { "these types: " + ChangeType.wanted.map(\.rawValue).joined(separator: ", ") }

    /// Nil if the field is absent, `.some(nil)` if it is null.
    private static func field<Value>(
        _ name: String, in object: StrictObject, _ read: (StrictObject) throws(Problem) -> Value?
    ) throws(Problem) -> Value?? {
        guard object.has(name) else { return nil }
        return object.isNull(name) ? .some(nil) : .some(try read(object))
    }

    /// A list in which each value is once.
    private static func list<Value: Hashable>(
        _ name: String, in object: StrictObject, limit: Int, of what: String, _ parse: (String) -> Value?
    ) throws(Problem) -> [Value]?? {
        try field(name, in: object) { (object) throws(Problem) in
            let texts = try object.texts(name) ?? []
            let values = texts.compactMap(parse)
            guard (1...limit).contains(texts.count), values.count == texts.count, Set(values).count == values.count
            else {
                throw .invalid(name, "\(name) must be null or a list of 1 to \(limit) of \(what), each once.")
            }
            return values
        }
    }

    /// The terms after the change of the present ones, nil for a new endpoint.
    func applied(to present: WebhookTerms?) -> WebhookTerms {
        var terms = present ?? WebhookTerms()
        if let url { terms.url = url?.text }
        if let types { terms.types = types }
        if let events { terms.events = events }
        // One that is gone remains so.
        if let paused, paused != (terms.pause != nil) { terms.pause = paused ? .operator : nil }
        return terms
    }
}

/// The query of `GET /admin/webhooks/{id}/deliveries`: `?state=`, `?after=` (the id of the last one of the page before) and
/// `?limit=` (default 100, maximum 1000).
struct DeliveriesRequest: Sendable {
    let state: DeliveryState?
    let before: Int?
    let limit: Int

    init(_ parameters: QueryParameters) throws(Problem) {
        limit = try parameters.integer("limit", in: Page.limitRange) ?? 100
        before = try parameters.integer("after", in: 1...Int.max)
        if let text = parameters["state"] {
            guard let state = DeliveryState(rawValue: text) else {
                let states = DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("state", "state must be one of: \(states).")
            }
            self.state = state
        } else {
            state = nil
        }
    }

    static let known: Set<String> = ["state", "after", "limit"]
}
