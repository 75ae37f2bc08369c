import Domain
import Engine
import Hashing
import NIOCore
import Runtime

/// The events on sale as `GET /live` sends them. A value without I/O.
struct LiveList {
    private(set) var ids: [EventID] = []
    private var views: [EventID: EventView] = [:]
    private var number = 0

    /// Takes what was read, and returns the last update if that is the same.
    ///
    /// - Parameters:
    ///   - ids: the events on sale, in their order.
    ///   - found: these events, and those that were on sale before and still exist.
    mutating func update(_ ids: [EventID], _ found: [EventID: EventView], after last: LiveUpdate?) -> LiveUpdate {
        var changed: [EventView] = []
        for id in Set(self.ids).union(ids).sorted(by: { $0.description < $1.description }) {
            guard let view = found[id], view.tag != views[id]?.tag else { continue }
            changed.append(view)
        }
        let listHasChanged = ids != self.ids
        self.ids = ids
        let present = Set(ids)
        views = found.filter { present.contains($0.key) }
        let known = ids.compactMap { views[$0] }
        let id = Self.id(of: ids, known)
        if let last, last.id == id { return last }
        number += 1
        var update = LiveUpdate(number: number, id: id, whole: Self.message(ids, known, id: id))
        if let last { update.change = (last.id, Self.message(listHasChanged ? ids : nil, changed, id: id)) }
        return update
    }

    private static func id(of ids: [EventID], _ views: [EventView]) -> String {
        var text = ByteBuffer()
        for id in ids { text.writeString("\(id) ") }
        for view in views { text.writeString("\n\(view.report.id) \(view.liveID)") }
        return EntityTag.hexadecimal(of: text)
    }

    /// The last event of a message has the id: a client that did not get all of them gets all again.
    private static func message(_ ids: [EventID]?, _ views: [EventView], id: String) -> LiveMessage {
        var text = ByteBuffer()
        if let ids {
            let names = ids.map { "\"\($0)\"" }.joined(separator: ",")
            text.writeServerSentEvent(
                ByteBuffer(string: "{\"events\":[\(names)]}"), name: "list", id: views.isEmpty ? id : nil)
        }
        for (index, view) in views.enumerated() {
            text.writeServerSentEvent(view.body, id: index == views.count - 1 ? id : nil)
        }
        return LiveMessage(text)
    }
}

/// Reads the events on sale for `GET /live`: which they are once a second, and the events with ``EventViews``.
actor EventsOnSale {
    /// The first ones in the order of their ids.
    static let limit = 100
    private static let listLifetime = TimeAmount.seconds(1)

    typealias List = @Sendable () async throws -> [EventID]

    private let readList: List
    private let views: EventViews
    private var list = LiveList()
    private var ids: [EventID] = []
    private var listedAt: NIODeadline?
    private var update: (value: LiveUpdate, since: NIODeadline)?
    private var reading: Task<LiveUpdate, any Error>?

    init(_ views: EventViews, list: @escaping List) {
        self.views = views
        readList = list
    }

    init(_ catalogue: EventCatalogue, _ views: EventViews) {
        self.init(views) { try await catalogue.onSale(limit: Self.limit) }
    }

    /// The events on sale. Throws if they are not known: before the first reading, if a store does not respond.
    ///
    /// - Parameter maxAge: how old they may be, beyond the age of a view.
    func current(maxAge: TimeAmount) async throws -> LiveUpdate {
        if let update, NIODeadline.now() - update.since < maxAge { return update.value }
        if let reading { return try await reading.value }
        let task = Task { try await read() }
        reading = task
        defer { reading = nil }
        return try await task.value
    }

    private func read() async throws -> LiveUpdate {
        let now = NIODeadline.now()
        if listedAt.map({ now - $0 >= Self.listLifetime }) ?? true {
            do {
                ids = try await readList()
                listedAt = now
            } catch  where listedAt != nil {
                // The last list is the best that is known.
            }
        }
        let wanted = Array(Set(list.ids).union(ids))
        var found: [EventID: EventView] = [:]
        for (id, outcome) in zip(wanted, await views.outcomes(of: wanted)) {
            switch outcome {
            case .success(let seen): found[id] = seen.view
            case .failure(let error):
                guard let update else { throw error }
                return update.value
            }
        }
        let known = ids.filter { found[$0] != nil }
        let value = list.update(known, found, after: update?.value)
        update = (value, now)
        return value
    }
}
