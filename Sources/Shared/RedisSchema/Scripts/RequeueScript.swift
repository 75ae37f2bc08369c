import Domain
package import RedisClient

/// The codes of requeue.lua.
package enum RequeueCode: Int, ScriptCode {
    case gone, requeued, eventNotLoaded
}

/// Puts a dead letter back into the queue.
package struct RequeueScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "requeue", PackageResources.requeue_lua, .allowOutOfMemory,
        codes: [RequeueCode.self])
    package static let sample = RequeueScript(DeadLetter(reason: "", entry: []), stored: [], evenIfNotLoaded: false)

    private let letter: DeadLetter
    private let stored: [UInt8]
    private let evenIfNotLoaded: Bool

    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - stored: the text of the letter in Redis. If it has changed since, nothing is changed.
    ///   - evenIfNotLoaded: also if its event is not loaded, for a recovery that settles everything in the ledger.
    package init(_ letter: DeadLetter, stored: [UInt8], evenIfNotLoaded: Bool) {
        self.letter = letter
        self.stored = stored
        self.evenIfNotLoaded = evenIfNotLoaded
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        let event = evenIfNotLoaded ? nil : letter.order.map { keys.event($0.event) }
        call.key("dead_letters", keys.deadLetters)
        call.key("queue", keys.queue)
        call.key("pending_releases", keys.pendingReleases)
        call.key("required", event ?? keys.deadLetters)
        call.text("letter", letter.id)
        call.bytes("stored", stored)
        call.bytes("entry", letter.entry)
        // As the acknowledgement counts: an entry that cannot be read releases nothing.
        call.flag("is_release", letter.order?.releasesUnits ?? false)
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> RequeueCode {
        guard let code = RequeueCode(reply) else { throw Self.unreadable() }
        return code
    }
}
