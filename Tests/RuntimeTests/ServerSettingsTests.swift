import Testing

@testable import Runtime

@Suite struct ServerSettingsTests {
    private static let good = ServerSettings(
        redis: [
            "appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no",
            "maxmemory-policy": "noeviction", "min-replicas-to-write": "0", "cluster-enabled": "no",
            "cluster-node-timeout": "15000",
        ],
        redisVersion: "7.0.15", durability: .replica,
        postgres: [
            "server_version_num": "150014", "synchronous_commit": "on", "fsync": "on", "full_page_writes": "on",
        ])

    @Test func theRecommendedSettingsHaveNoFinding() {
        #expect(Self.good.findings.isEmpty)
        var replicated = Self.good
        replicated.postgres["synchronous_commit"] = "remote_apply"
        #expect(replicated.findings.isEmpty)
    }

    @Test(arguments: [
        ("maxmemory-policy", "allkeys-lru", ServerSettings.Finding.Weight.refuse),
        ("maxmemory-policy", "volatile-ttl", .refuse), ("appendonly", "no", .warn), ("appendfsync", "everysec", .warn),
        ("appendfsync", "no", .warn), ("no-appendfsync-on-rewrite", "yes", .warn),
    ])
    func anUnsafeSettingOfRedisIsReported(name: String, value: String, weight: ServerSettings.Finding.Weight) throws {
        var settings = Self.good
        settings.redis?[name] = value
        let finding = try #require(settings.findings.first)
        #expect(settings.findings.count == 1)
        #expect(finding.weight == weight)
        #expect(finding.line.contains("\(name) is \(value)"))
        #expect(finding.line.contains("set it to"))
    }

    @Test func strictDurabilityNeedsARedisThatRefusesWithoutAReplica() throws {
        var settings = Self.good
        settings.durability = .replicaStrict
        let finding = try #require(settings.findings.first)
        #expect(finding.weight == .refuse)
        #expect(finding.line.contains("min-replicas-to-write is 0"))
        settings.redis?["min-replicas-to-write"] = "1"
        #expect(settings.findings.isEmpty)
    }

    @Test(arguments: [("1999", true), ("2000", false), ("15000", false), ("15001", true)])
    func aNodeTimeoutOutsideOfTheUsualIsReported(timeout: String, isReported: Bool) {
        var settings = Self.good
        settings.redis?["cluster-node-timeout"] = timeout
        #expect(settings.findings.isEmpty, "the server is no node of a cluster")
        settings.redis?["cluster-enabled"] = "yes"
        #expect(settings.findings.map(\.weight) == (isReported ? [.warn] : []))
    }

    @Test(arguments: [
        ("synchronous_commit", "off", ServerSettings.Finding.Weight.warn), ("fsync", "off", .warn),
        ("full_page_writes", "off", .warn), ("server_version_num", "120022", .refuse),
    ])
    func anUnsafeSettingOfPostgresIsReported(name: String, value: String, weight: ServerSettings.Finding.Weight) throws
    {
        var settings = Self.good
        settings.postgres[name] = value
        #expect(settings.findings.map(\.weight) == [weight])
    }

    @Test func anOldRedisAndUnreadableSettingsAreReported() {
        var settings = Self.good
        settings.redisVersion = "6.2.14"
        #expect(settings.findings.map(\.weight) == [.refuse])
        settings = Self.good
        settings.redis = nil
        #expect(settings.findings.map(\.weight) == [.warn])
    }
}
