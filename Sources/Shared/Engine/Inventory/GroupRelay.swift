package import Domain
import NIOCore
package import RedisClient
package import RedisSchema

/// Takes the members of one event loop to the group callers and brings their outcomes back, with one hop in each direction
/// for all members of a turn of the loop. Used on its event loop only.
package final class GroupRelay<Script: GroupScript> where Script.Member: Sendable, Script.Outcome: Sendable {
    package typealias Completion = (Result<Script.Outcome, RedisError>) -> Void
    typealias Lane = any KeyPath<Inventory.Lanes, GroupCaller<Script>> & Sendable

    private struct Entry: Sendable {
        let member: Script.Member
        let partition: Int
    }

    private let inventory: Inventory
    private let lane: Lane
    private let eventLoop: any EventLoop
    private var entries: [Entry] = []
    private var completions: [Completion] = []

    init(_ inventory: Inventory, to lane: Lane, on eventLoop: any EventLoop) {
        self.inventory = inventory
        self.lane = lane
        self.eventLoop = eventLoop
    }

    /// Adds a member to the next group of its event's partition. The completion is called exactly once, on the event loop.
    package func add(_ member: Script.Member, of event: EventID, completion: @escaping Completion) {
        let entry = Entry(member: member, partition: inventory.partitioning.home(of: event).partition)
        guard !inventory.eventLoop.inEventLoop else {
            return inventory.caller(lane, in: entry.partition).add(member, completion: completion)
        }
        entries.append(entry)
        completions.append(completion)
        // At the end of this turn, so that the hop carries every member that is read in it.
        if entries.count == 1 { eventLoop.assumeIsolated().execute { self.sendAway() } }
    }

    private func sendAway() {
        let (entries, completions) = (entries, NIOLoopBound(completions, eventLoop: eventLoop))
        self.entries.removeAll(keepingCapacity: true)
        self.completions = []
        inventory.eventLoop.execute { [inventory, lane, eventLoop] in
            let outcomes = Outcomes(of: completions, from: inventory.eventLoop, to: eventLoop)
            for (index, entry) in entries.enumerated() {
                inventory.caller(lane, in: entry.partition).add(entry.member) { outcomes.add($0, of: index) }
            }
        }
    }

    /// The outcomes of the members of one hop, which can belong to several groups. Used on the group callers' event loop.
    private final class Outcomes {
        private let completions: NIOLoopBound<[Completion]>
        private let source: any EventLoop
        private let destination: any EventLoop
        private var known: [(index: Int, outcome: Result<Script.Outcome, RedisError>)] = []

        init(of completions: NIOLoopBound<[Completion]>, from source: any EventLoop, to destination: any EventLoop) {
            self.completions = completions
            self.source = source
            self.destination = destination
        }

        func add(_ outcome: Result<Script.Outcome, RedisError>, of index: Int) {
            known.append((index, outcome))
            // At the end of this turn, in which the whole group completes.
            if known.count == 1 { source.assumeIsolated().execute { self.sendBack() } }
        }

        private func sendBack() {
            let known = known
            self.known = []
            destination.execute { [completions] in
                for (index, outcome) in known { completions.value[index](outcome) }
            }
        }
    }
}
