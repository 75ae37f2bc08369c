import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The connections to the primary nodes of a cluster, which follow its map.
final class RedisCluster: Sendable {
    typealias Address = RedisURL.Address

    /// Time for which the connections to a node stay open after the map has named another one, so that the replies to
    /// commands that were sent before arrive.
    static let grace = TimeAmount.seconds(5)

    private struct Nodes {
        /// Nil until a node has sent the map.
        var map: SlotMap?
        /// The newest map, which is used as soon as there are connections to its primaries.
        var next: SlotMap?
        var open: [Address: RedisNode] = [:]
        var isClosed = false
    }

    /// The nodes that the settings name.
    let seeds: [Address]
    /// The configuration of each connection, but for its server: the cluster learns from its failures.
    let configuration: RedisConfiguration
    private let slots: [HashSlot]
    private let group: any EventLoopGroup
    private let eventLoop: any EventLoop
    private let logger: Logger
    /// The node that is used until the map is known, and for slots that are assigned to none.
    private let first: RedisNode
    private let nodesBox: NIOLockedValueBox<Nodes>
    private let observers = NIOLockedValueBox<[@Sendable () -> Void]>([])
    private let watch: ClusterWatch

    init(_ given: RedisConfiguration, slots: [HashSlot], group: any EventLoopGroup, logger: Logger) async throws {
        seeds = given.url.clusterNodes
        eventLoop = group.next()
        watch = ClusterWatch(seeds: seeds, slots: slots, on: eventLoop)
        var configuration = given
        configuration.onFailure = { [watch] error, address in watch.note(error, from: address) }
        self.configuration = configuration
        self.slots = slots
        self.group = group
        self.logger = logger
        first = try await RedisNode(configuration.at(given.url.address), group: group, logger: logger)
        nodesBox = NIOLockedValueBox(Nodes(open: [given.url.address: first]))
        watch.start { [weak self] address, completion in
            guard let self else {
                return completion(.failure(RedisError(.closed, "the client is closed", mayHaveRun: false)))
            }
            ask(address, completion)
        } onChange: { [weak self] map in
            self?.use(map)
        }
    }

    func node(of slot: HashSlot) -> RedisNode {
        nodesBox.withLockedValue { nodes in
            nodes.map?.primary(of: slot).flatMap { nodes.open[$0] } ?? first
        }
    }

    var nodes: [RedisNode] {
        nodesBox.withLockedValue { nodes in
            guard let map = nodes.map else { return [first] }
            return map.primaries(of: slots).compactMap { nodes.open[$0] }
        }
    }

    /// The address of the primary of a slot; nil if the map is unknown yet.
    func address(of slot: HashSlot) -> Address? {
        nodesBox.withLockedValue { $0.map?.primary(of: slot) }
    }

    /// Calls `body`, on any thread, after each change of the map.
    func observeMap(_ body: @escaping @Sendable () -> Void) {
        observers.withLockedValue { $0.append(body) }
    }

    func close() async {
        watch.stop()
        let open = nodesBox.withLockedValue { nodes in
            nodes.isClosed = true
            defer { nodes.open = [:] }
            return nodes.open
        }
        for node in open.values { await node.close() }
    }

    // MARK: Following the map

    /// The connections to the nodes log their failures. Those for questions would repeat them.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }

    /// Asks a node for the map, on a connection of its own if there is none to it.
    private func ask(_ address: Address, _ completion: @escaping (Result<SlotMap, RedisError>) -> Void) {
        let known = nodesBox.withLockedValue { $0.open[address] }?.connection(on: eventLoop)
        let connection = known ?? .openOnLoop(configuration.forQuestions(to: address), on: eventLoop, logger: quiet)
        connection.sendOnLoop([RedisCommand("CLUSTER", "SLOTS")]) { result in
            completion(
                result.flatMap { replies in
                    Result { () throws(RedisError) in try SlotMap(replies.first ?? .null, from: address) }
                })
            if known == nil { connection.closeOnLoop() }
        }
    }

    /// Runs `body` with a connection of its own to one server.
    func withConnection<Value: Sendable>(
        to address: Address, _ body: (RedisConnection) async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        let connection: RedisConnection
        do {
            connection = try await .open(configuration.forQuestions(to: address), on: eventLoop, logger: quiet)
        } catch {
            throw RedisError(.closed, "\(error)", mayHaveRun: false)
        }
        do throws(RedisError) {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Opens connections to the primaries of a map, and then uses the map.
    private func use(_ map: SlotMap) {
        let missing = nodesBox.withLockedValue { nodes in
            nodes.next = map
            return map.primaries(of: slots).filter { nodes.open[$0] == nil }
        }
        let opening = missing.map { address in
            eventLoop.makeFutureWithTask { [configuration, group, logger] in
                try await RedisNode(configuration.at(address), group: group, logger: logger)
            }
        }
        EventLoopFuture.whenAllSucceed(opening, on: eventLoop).whenSuccess { opened in
            let unused = self.nodesBox.withLockedValue { nodes in
                guard !nodes.isClosed else { return opened }
                for node in opened where nodes.open[node.address] == nil { nodes.open[node.address] = node }
                // A later map may have needed fewer connections and be in use already: an older one never replaces it.
                if let next = nodes.next, next.primaries(of: self.slots).allSatisfy({ nodes.open[$0] != nil }) {
                    nodes.map = next
                }
                return opened.filter { node in nodes.open[node.address] !== node }
            }
            for node in unused { self.closeLater(node) }
            for observer in self.observers.withLockedValue({ $0 }) { observer() }
            self.retireLater()
        }
    }

    /// Closes the connections to nodes that are no primaries any more, after a while.
    private func retireLater() {
        eventLoop.scheduleTask(in: Self.grace) { [weak self] in
            guard let self else { return }
            let retired = nodesBox.withLockedValue { nodes in
                let current = [nodes.map, nodes.next].compactMap(\.self).flatMap { $0.primaries(of: self.slots) }
                let retired = nodes.open.filter { $0.value !== self.first && !current.contains($0.key) }
                for address in retired.keys { nodes.open[address] = nil }
                return Array(retired.values)
            }
            for node in retired { closeLater(node) }
        }
    }

    private func closeLater(_ node: RedisNode) {
        Task { await node.close() }
    }
}

extension RedisConfiguration {
    /// The configuration for one node.
    fileprivate func at(_ address: RedisURL.Address) -> RedisConfiguration {
        var configuration = self
        configuration.url = url.at(address)
        return configuration
    }

    /// The configuration of a connection that only asks a server about the cluster.
    fileprivate func forQuestions(to address: RedisURL.Address) -> RedisConfiguration {
        var configuration = at(address)
        configuration.scripts = []
        configuration.onFailure = nil
        return configuration
    }
}
