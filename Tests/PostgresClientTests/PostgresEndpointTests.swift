import Testing

@testable import PostgresClient

@Suite struct PostgresEndpointTests {
    private func list(_ conninfo: String) throws -> [PostgresEndpoint] {
        PostgresEndpoint.list(try PostgresConninfo.keywords(of: conninfo))
    }

    private func endpoint(_ host: String?, _ address: String?, _ port: String?) -> PostgresEndpoint {
        PostgresEndpoint(host: host, address: address, port: port)
    }

    @Test func eachHostHasItsPort() throws {
        #expect(
            try list("postgres://u@a:1,b,c:3/db") == [
                endpoint("a", nil, "1"), endpoint("b", nil, nil), endpoint("c", nil, "3"),
            ])
        #expect(try list("host=a,b port=7") == [endpoint("a", nil, "7"), endpoint("b", nil, "7")])
        #expect(try list("host=/tmp,b port=1,2") == [endpoint("/tmp", nil, "1"), endpoint("b", nil, "2")])
        #expect(try list("dbname=x") == [endpoint(nil, nil, "5432")])
    }

    @Test func addressesArePairedWithHosts() throws {
        #expect(
            try list("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=5") == [
                endpoint("a", "10.0.0.1", "5"), endpoint("b", "10.0.0.2", "5"),
            ])
        #expect(try list("hostaddr=10.0.0.1,::1").map(\.address) == ["10.0.0.1", "::1"])
    }

    @Test func listsThatDoNotFitAreLeftToLibpq() throws {
        #expect(try list("host=a,b hostaddr=10.0.0.1").count == 1)
        #expect(try list("host=a,b port=1,2,3").count == 1)
    }

    @Test func aNameStandsForItsAddresses() {
        #expect(endpoint("127.0.0.1", nil, "1").resolved == [endpoint("127.0.0.1", "127.0.0.1", "1")])
        #expect(endpoint("localhost", nil, "1").resolved.contains(endpoint("localhost", "127.0.0.1", "1")))
        #expect(endpoint("/tmp", nil, "1").resolved == [endpoint("/tmp", nil, "1")])
        #expect(endpoint("a", "10.0.0.1", "1").resolved == [endpoint("a", "10.0.0.1", "1")])
        #expect(endpoint("no-such-host.invalid", nil, "1").resolved == [endpoint("no-such-host.invalid", nil, "1")])
    }

    @Test func theTimeoutOfTheConnectionStringHasPriority() throws {
        func timeout(_ conninfo: String) throws -> Duration {
            try PostgresConninfo.keywords(of: conninfo).timeout(otherwise: .milliseconds(700))
        }
        #expect(try timeout("postgres://u@a/db?connect_timeout=2") == .seconds(2))
        #expect(try timeout("host=a") == .milliseconds(700))
        #expect(try timeout("host=a connect_timeout=0") == .milliseconds(700), "no connection may wait without a limit")
    }

    @Test func aStandbyIsPreferredInTwoRounds() throws {
        let rounds = try PostgresConninfo.keywords(of: "host=a,b target_session_attrs=prefer-standby").rounds
        #expect(rounds.map { $0["target_session_attrs"] } == ["standby", "any"])
        #expect(try PostgresConninfo.keywords(of: "host=a target_session_attrs=primary").rounds.count == 1)
    }

    @Test func nothingIsSentAtTheStartThatAPoolerRefuses() throws {
        #expect(try PostgresConninfo.keywords(of: "host=a")["options"] == nil)
        #expect(try PostgresConninfo.keywords(of: "host=a options='-c x=y'")["options"] == "-c x=y")
    }
}
