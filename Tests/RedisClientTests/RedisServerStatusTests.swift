import Testing

@testable import RedisClient

@Suite struct RedisServerStatusTests {
    private static let process = "# Server\r\nredis_version:7.0.15\r\nrun_id:aa11\r\ntcp_port:0\r\n"

    @Test func aPrimaryCountsTheReplicasThatReceiveItsWrites() {
        let replication = """
            # Replication\r\nrole:master\r\nconnected_slaves:4\r
            slave0:ip=127.0.0.1,port=7001,state=online,offset=14,lag=0\r
            slave1:ip=127.0.0.1,port=7002,state=wait_bgsave,offset=0,lag=0\r
            slave2:ip=127.0.0.1,port=7003,state=online,offset=14,lag=1\r
            slave3:ip=127.0.0.1,port=7004,state=online,offset=0,lag=9\r
            master_failover_state:no-failover\r\nmaster_replid:bb22\r\nmaster_replid2:cc33\r\nslave_x:state=online\r\n
            """
        #expect(
            RedisServerStatus(info: Self.process + replication)
                == RedisServerStatus(runID: "aa11", isPrimary: true, replicationID: "bb22", onlineReplicas: 2))
    }

    @Test func aReplicaIsNoPrimary() {
        let replication = "role:slave\r\nmaster_host:127.0.0.1\r\nslave_priority:100\r\nmaster_replid:bb22\r\n"
        #expect(
            RedisServerStatus(info: Self.process + replication)
                == RedisServerStatus(runID: "aa11", isPrimary: false, replicationID: "bb22"))
    }

    @Test(arguments: ["run_id:a\r\nrole:master", "run_id:a\r\nmaster_replid:b", "role:master\r\nmaster_replid:b", ""])
    func aFieldThatIsMissingIsNoStatus(info: String) {
        #expect(RedisServerStatus(info: info) == nil)
    }
}
