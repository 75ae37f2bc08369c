import RedisClient

/// Deletes keys of a sealed partition. False if it is not sealed with this token.
package struct WipeScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "wipe", PackageResources.wipe_lua, .allowOutOfMemory, prelude: [.lease])
    package static let sample = WipeScript("", deleting: [""])

    private let token: String
    private let wiped: [String]

    package var fence: ScriptFence { .none }

    package init(_ token: String, deleting wiped: [String]) {
        self.token = token
        self.wiped = wiped
    }

    /// The keys that a wipe does not delete: the dead letters, and the states of the recovery and of the workers. The
    /// last sequence number stays because of the dead letters: no other order may get the number of one.
    package static func kept(_ keys: Keyspace) -> Set<String> {
        [keys.epoch, keys.leasesBegun, keys.deadLetters, keys.workers, keys.recovery, keys.lastSequence]
    }

    /// The keys that a wipe deletes after all others: as long as a record exists, its state can be read.
    package static func deletedLast(_ keys: Keyspace) -> [String] {
        [keys.confirmed(withKey: false), keys.confirmed(withKey: true)]
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("epoch", call.keys.epoch)
        call.key("recovery", call.keys.recovery)
        call.text("token", token)
        call.rows("wiped", wiped) { $0.key("name", $1) }
    }
}
