package import Domain
package import RedisClient

/// Reads a part of the entries of the queue or of a leased batch.
package struct SurveySliceScript: PartitionScript {
    package enum Source: Hashable, Sendable {
        /// The entries that the queue had when the survey began: `length`, after `taken` entries had been taken.
        case queue(taken: Int, length: Int)
        /// The batch of this token.
        case batch(String)
    }

    package struct Reply: Hashable, Sendable {
        /// The position after the part; 0 if the batch does not exist any more.
        package var end: Int
        package var unreadable: Int
        /// The snapshots of the event.
        package var snapshots: [Order]
    }

    package static let lua = LuaScript(
        Self.self, "survey_slice", PackageResources.survey_slice_lua, .noWrites)
    package static let sample = SurveySliceScript(.demo, from: .queue(taken: 0, length: 1), at: 0, limit: 1)

    private let id: EventID
    private let source: Source
    private let position: Int
    private let limit: Int

    /// The lists must be those of the epoch in which the survey began.
    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - position: the first entry to read, by its index when the survey began.
    ///   - limit: the number of entries to read; 1,000 occupy Redis for about 0.5 ms.
    package init(_ id: EventID, from source: Source, at position: Int, limit: Int) {
        self.id = id
        self.source = source
        self.position = position
        self.limit = limit
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        switch source {
        case .queue(let taken, let length):
            call.key("list", keys.queue)
            call.key("taken", keys.taken)
            call.flag("is_queue", true)
            call.number("taken_before", taken)
            call.number("stop", length)
        case .batch(let token):
            call.key("list", keys.batch(token))
            call.key("taken", keys.taken)
            call.flag("is_queue", false)
            call.number("taken_before", 0)
            call.number("stop", Int32.max)
        }
        call.text("id", id.description)
        call.number("position", position)
        call.number("limit", limit)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Reply {
        guard let values = reply.array, values.count >= 2, let end = values[0].integer,
            let unreadable = values[1].integer
        else { throw Self.unreadable(mayHaveRun: false) }
        var part = Reply(end: Int(end), unreadable: Int(unreadable), snapshots: [])
        part.snapshots.reserveCapacity(values.count - 2)
        var reader = OrderReader()
        for entry in values.dropFirst(2).compactMap(\.bytes) {
            if let order = try? reader.decode(entry: entry) {
                part.snapshots.append(order)
            } else {
                part.unreadable += 1
            }
        }
        return part
    }
}
