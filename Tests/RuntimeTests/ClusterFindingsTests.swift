import RedisClient
import Testing

@testable import Runtime

struct ClusterFindingsTests {
    private static func member(
        _ name: String, knows: Set<String> = ["a", "b"], assigned: Int = 16_384, fullCoverage: Bool? = false
    ) -> ClusterMember {
        ClusterMember(
            .tcp(host: name, port: 7000), isNode: true, id: name, knownNodes: knows, assignedSlots: assigned,
            requiresFullCoverage: fullCoverage)
    }

    @Test func aCompleteClusterHasNoFinding() {
        #expect(ServerSettings.Finding.about([Self.member("a"), Self.member("b")]) == [])
        #expect(ServerSettings.Finding.about([Self.member("a", fullCoverage: nil)]) == [])
        #expect(ServerSettings.Finding.about([]) == [])
    }

    @Test(arguments: [
        (
            [member("a"), ClusterMember(.tcp(host: "x", port: 6379), isNode: false)],
            "x:6379 is not a node of a Redis Cluster"
        ),
        ([member("a", knows: ["a"]), member("b", knows: ["b"])], "two clusters: a:7000 does not know b:7000"),
        ([member("a", assigned: 16_380)], "no node for 4 of its 16384 slots"),
        ([member("a"), member("b", fullCoverage: true)], "cluster-require-full-coverage is yes on b:7000"),
    ])
    func whatCannotWorkIsRefused(members: [ClusterMember], text: String) {
        let findings = ServerSettings.Finding.about(members)
        #expect(findings.count == 1)
        #expect(findings.first?.weight == .refuse)
        #expect(findings.first?.line.contains(text) == true, "\(findings)")
    }
}
