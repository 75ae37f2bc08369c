import RedisClient
import Timing

/// Notes that a worker is alive.
package struct NoteWorkerScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "note_worker", PackageResources.note_worker_lua, .allowOutOfMemory, prelude: [.clock])
    package static let sample = NoteWorkerScript("", forgetAfter: .zero)

    private let name: String
    private let forgetAfter: Duration

    package var fence: ScriptFence { .none }
    package static var waitsForReplicas: Bool { true }

    /// - Parameter forgetAfter: workers that have not been alive for this long are removed.
    package init(_ name: String, forgetAfter: Duration) {
        self.name = name
        self.forgetAfter = forgetAfter
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("workers", call.keys.workers)
        call.text("name", name)
        call.number("forget_after", forgetAfter.milliseconds)
    }
}
