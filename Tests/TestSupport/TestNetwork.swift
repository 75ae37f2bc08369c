import Foundation
import Glibc
import Synchronization

/// Network namespaces on one bridge, whose links a test can cut. Only root can make them. The bridge has a namespace of its
/// own, where the firewall of this machine does not see its packets.
package final class TestNetwork: Sendable {
    /// A machine of the network.
    package struct Host: Sendable {
        package let address: String
        /// Nil for the namespace of the test itself.
        let namespace: String?

        /// The command that runs a program on this machine.
        package var launcher: [String] { namespace.map { ["ip", "netns", "exec", $0] } ?? [] }
    }

    /// Whether this user may make namespaces, and the tools are there.
    package static let isPermitted =
        geteuid() == 0
        && ["ip", "iptables"].allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/sbin/\($0)") }

    private static let used = Mutex<Set<Int>>([])

    /// Where the test and the programs that it starts without a launcher are.
    package let here: Host
    private let name: String
    private let subnet: String
    private let hosts = Mutex<[Host]>([])

    /// Makes the bridge. Its addresses are those that RFC 2544 sets aside for measurements.
    package static func make() async throws -> TestNetwork {
        for _ in 0..<100 {
            let number = Int.random(in: 1...250)
            guard used.withLock({ $0.insert(number).inserted }) else { continue }
            let network = TestNetwork(number)
            do {
                try await network.shell(
                    """
                    ip netns add \(network.name) && ip -n \(network.name) link add bridge type bridge \
                    && ip -n \(network.name) link set bridge up \
                    && ip link add \(network.name) type veth peer name v0 netns \(network.name) \
                    && ip -n \(network.name) link set v0 master bridge && ip -n \(network.name) link set v0 up \
                    && ip addr add \(network.here.address)/24 dev \(network.name) && ip link set \(network.name) up
                    """)
                return network
            } catch {
                // Another process uses this number.
                continue
            }
        }
        throw GaveUp(description: "no bridge could be made")
    }

    private init(_ number: Int) {
        name = "tb\(number)"
        subnet = "198.18.\(number)"
        here = Host(address: "198.18.\(number).254", namespace: nil)
    }

    /// Adds a machine.
    package func add() async throws -> Host {
        let number = hosts.withLock { hosts in
            hosts.append(Host(address: "\(subnet).\(hosts.count + 1)", namespace: "\(name)-\(hosts.count + 1)"))
            return hosts.count
        }
        let (namespace, outer, address) = ("\(name)-\(number)", "v\(number)", "\(subnet).\(number)")
        try await shell(
            """
            ip netns add \(namespace) && ip -n \(name) link add \(outer) type veth peer name eth0 netns \(namespace) \
            && ip -n \(name) link set \(outer) master bridge && ip -n \(name) link set \(outer) up \
            && ip -n \(namespace) addr add \(address)/24 dev eth0 && ip -n \(namespace) link set eth0 up \
            && ip -n \(namespace) link set lo up
            """)
        return Host(address: address, namespace: namespace)
    }

    /// Drops all packets between two machines. Neither is told.
    package func cut(_ one: Host, _ other: Host) async throws { try await change("-A", one, other) }

    package func restore(_ one: Host, _ other: Host) async throws { try await change("-D", one, other) }

    private func change(_ action: String, _ one: Host, _ other: Host) async throws {
        guard let namespace = one.namespace else { return try await change(action, other, one) }
        let command = "ip netns exec \(namespace) iptables -w \(action)"
        try await shell(
            "\(command) INPUT -s \(other.address) -j DROP && \(command) OUTPUT -d \(other.address) -j DROP")
    }

    /// Removes the machines and the bridge. The programs on them must have ended.
    package func remove() async {
        let hosts = hosts.withLock { $0 }
        for host in hosts { try? await shell("ip netns del \(host.namespace ?? "")") }
        try? await shell("ip netns del \(name)")
    }

    private func shell(_ command: String) async throws {
        let run = try Run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", command], ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
        guard try await run.exitCode() == 0 else { throw GaveUp(description: "\(command): \(run.output)") }
    }
}

/// Makes a network for one test, runs `body`, and removes the network, also if `body` throws.
package func withTestNetwork<Value>(_ body: (TestNetwork) async throws -> Value) async throws -> Value {
    let network = try await TestNetwork.make()
    do {
        let value = try await body(network)
        await network.remove()
        return value
    } catch {
        await network.remove()
        throw error
    }
}
