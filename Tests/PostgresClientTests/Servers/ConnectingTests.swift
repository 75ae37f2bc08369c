import Glibc
import NIOCore
import TestSupport
import Testing

@testable import PostgresClient

/// Lists of servers of which some do not serve.
@Suite(.timeLimit(.minutes(5))) struct ConnectingTests {
    /// A port that accepts connections and stays silent, as a server behind a firewall or a stopped process does.
    private final class SilentPort: Sendable {
        let descriptor: Int32
        let number: Int

        init() throws {
            number = try freePort()
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(number).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            guard bound == 0, listen(descriptor, 64) == 0 else { throw GaveUp(description: "no port") }
        }

        deinit { close(descriptor) }
    }

    private func pool(_ conninfo: String, change: (inout PostgresConfiguration) -> Void = { _ in }) -> PostgresPool {
        var configuration = PostgresConfiguration(conninfo: conninfo)
        configuration.leaseTimeout = .seconds(20)
        change(&configuration)
        return PostgresPool(configuration)
    }

    /// The time that the first statement of a pool takes.
    private func timeOfFirstAnswer(_ pool: PostgresPool) async throws -> Duration {
        let clock = ContinuousClock()
        let time = try await clock.measure {
            _ = try await pool.withConnection { try await $0.execute(script: "SELECT 1") }
        }
        await pool.close()
        return time
    }

    @Test(arguments: [
        "target_session_attrs=read-write", "target_session_attrs=any", "target_session_attrs=prefer-standby",
    ])
    func aSilentServerIsPassedOver(attributes: String) async throws {
        try await withPostgresServer { postgres in
            let silent = try SilentPort()
            let hosts =
                "host=127.0.0.1,127.0.0.1,\(postgres.directory.path) port=\(silent.number),\(silent.number),5432"
            let pool = pool("\(hosts) user=postgres dbname=postgres connect_timeout=2 \(attributes)")
            let time = try await timeOfFirstAnswer(pool)
            #expect(time > .milliseconds(3900), "each of the silent ones has its time")
            #expect(time < .seconds(25))
        }
    }

    @Test func theDefaultDeadlineIsForEachServer() async throws {
        try await withPostgresServer { postgres in
            let silent = try SilentPort()
            let hosts = "host=127.0.0.1,\(postgres.directory.path) port=\(silent.number),5432"
            let pool = pool("\(hosts) user=postgres dbname=postgres") { $0.connectTimeout = .seconds(2) }
            #expect(try await timeOfFirstAnswer(pool) < .seconds(15))
        }
    }

    /// Refused, closed at once, and a name that does not exist.
    @Test func aServerThatCannotBeReachedIsPassedOver() async throws {
        try await withPostgresServer { postgres in
            let closing = try await FaultProxy.start(to: SocketAddress(unixDomainSocketPath: "/nowhere"))
            closing.set(.refuse)
            let hosts = "host=127.0.0.1,127.0.0.1,no-such-host.invalid,\(postgres.directory.path)"
            let ports = "port=\(closing.port),\(try freePort()),5432,5432"
            let pool = pool("\(hosts) \(ports) user=postgres dbname=postgres")
            _ = try await timeOfFirstAnswer(pool)
            await closing.stop()
        }
    }

    @Test func aCallerWaitsNoLongerThanItsLimitAndTheNextOneIsServed() async throws {
        try await withPostgresServer { postgres in
            let silent = try SilentPort()
            let hosts = "host=127.0.0.1,\(postgres.directory.path) port=\(silent.number),5432"
            let pool = pool("\(hosts) user=postgres dbname=postgres connect_timeout=2") {
                $0.leaseTimeout = .milliseconds(200)
                $0.poolSize = 1
            }
            do {
                _ = try await pool.withConnection { try await $0.execute(script: "SELECT 1") }
                Issue.record("the pool had a connection")
            } catch let error as PostgresError {
                #expect(error.code == .notConnected)
            }
            try await eventually("a connection was opened apart from its caller") { await pool.stats.idle == 1 }
            #expect(try await pool.withConnection { try await $0.execute(script: "SELECT 1") }.rows == [["1"]])
            await pool.close()
        }
    }

    @Test func theErrorNamesEveryServer() async throws {
        let silent = try SilentPort()
        let closed = try freePort()
        let pool = pool("host=127.0.0.1,127.0.0.1 port=\(silent.number),\(closed) user=u connect_timeout=1")
        do {
            _ = try await pool.withConnection { try await $0.execute(script: "SELECT 1") }
            Issue.record("the pool had a connection")
        } catch let error as PostgresError {
            #expect(error.code == .notConnected)
            #expect(error.description.contains("port \(silent.number)"))
            #expect(error.description.contains("port \(closed)"))
        }
        await pool.close()
    }

    @Test func aServerThatRefusesWithAReasonDecides() async throws {
        try await withPostgresServer { postgres in
            let path = postgres.directory.path
            let pool = pool("host=\(path),\(path) user=postgres dbname=no_such_database")
            await #expect {
                _ = try await pool.withConnection { try await $0.execute(script: "SELECT 1") }
            } throws: { ($0 as? PostgresError)?.sqlState == "3D000" }
            await pool.close()
        }
    }
}
