import Testing

@testable import Domain
@testable import RedisSchema

@Suite struct IdempotencyScopeTests {
    private static let hour: Int64 = 3_600_000

    private func scope(_ customer: String?, _ key: String, event: String = "demo") throws -> IdempotencyScope {
        IdempotencyScope(event: try #require(EventID(event)), customer: customer, key: key)
    }

    private func ids(_ digits: String, keyedFrom: Int64 = 0) throws -> KeyedIDs {
        let ids = KeyedIDs()
        ids.set(
            try #require(
                InstallationSecret(hexadecimal: digits, keyedFrom: Timestamp(milliseconds: keyedFrom))))
        return ids
    }

    private static let secret = String(repeating: "0123456789abcdef", count: 4)

    /// Stored orders are located by this hash. The expected values are the first 64 bits of HMAC-SHA-256, from another
    /// implementation.
    @Test func theHashOfAKeyNeverChanges() throws {
        let ids = try ids(Self.secret)
        func hash(_ customer: String?, _ key: String) throws -> UInt64? {
            ids.hashes(of: try scope(customer, key), at: .now)?.own
        }
        #expect(try hash("ann", "k-1") == 0xc2f2_5e2b_0532_a868)
        #expect(try hash(nil, "k-1") == 0xee3a_09c5_de3b_58fd)
        // The same characters, divided differently, are another key.
        let scopes = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")]
        #expect(try Set(scopes.map { try hash($0, $1) }).count == scopes.count)
        let (first, second) = (
            OrderID(at: Timestamp(milliseconds: 1), partition: 0, keyHash: try hash("ann", "k-1")),
            OrderID(at: Timestamp(milliseconds: 2), partition: 0, keyHash: try hash("ann", "k-1"))
        )
        #expect(first != second)
        #expect(Keyspace(partition: 0).order(first) == Keyspace(partition: 0).order(second))
    }

    /// The ids of releases before the secret. The expected values are the first 64 bits of SHA-256.
    @Test func theHashOfEarlierReleasesNeverChanges() throws {
        #expect(try scope("ann", "k-1").plainHash == 0x0598_a858_7898_3db5)
        #expect(try scope(nil, "k-1").plainHash == 0x17d9_c5ee_cb69_9b8f)
    }

    @Test func theHashDependsOnTheSecret() throws {
        let scope = try scope("ann", "k-1")
        let hashes = try [Self.secret, String(Self.secret.reversed()), String(repeating: "00", count: 32)].map {
            try ids($0).hashes(of: scope, at: .now)?.own
        }
        #expect(Set(hashes).count == 3)
        #expect(!hashes.contains(scope.plainHash))
    }

    @Test func withoutTheSecretThereIsNoHash() throws {
        #expect(try KeyedIDs().hashes(of: scope("ann", "k-1"), at: .now) == nil)
    }

    @Test func aNewInstallationHasOneIDForAKey() throws {
        let hashes = try ids(Self.secret).hashes(of: try scope("ann", "k-1"), at: .now)
        #expect(hashes?.other == nil)
        #expect(hashes?.own == 0xc2f2_5e2b_0532_a868)
    }

    /// Of an installation of an earlier release: ids without the secret while programs of that release may run, then ids with
    /// it; and both are looked for until the keys of the first kind have expired.
    @Test(arguments: [
        (Int64(-24), false, true), (-1, false, true), (0, true, true), (24, true, true), (25, true, false),
        (1000, true, false),
    ])
    func anUpgradedInstallationChangesItsIDsOnce(hours: Int64, isKeyed: Bool, hasOther: Bool) throws {
        let begin: Int64 = 1_800_000_000_000
        let scope = try scope("ann", "k-1")
        let hashes = try #require(
            try ids(Self.secret, keyedFrom: begin)
                .hashes(of: scope, at: Timestamp(milliseconds: begin + hours * Self.hour)))
        let keyed = try #require(try ids(Self.secret).hashes(of: scope, at: .now)?.own)
        #expect(hashes.own == (isKeyed ? keyed : scope.plainHash))
        #expect(hashes.other == (hasOther ? (isKeyed ? scope.plainHash : keyed) : nil))
    }

    @Test func aSecretIsNotShown() throws {
        let secret = InstallationSecret()
        #expect(secret != InstallationSecret())
        #expect(Set(secret.bytes).count > 8)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", "\(Optional(secret) as Any)", "\([secret])", String(reflecting: secret), dumped] {
            #expect(!text.contains(secret.hexadecimal.prefix(8)))
            #expect(!text.contains("\(secret.bytes[0])\(secret.bytes[1])"))
            #expect(!text.contains("[\(secret.bytes[0]), "))
        }
    }

    @Test(arguments: [
        "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
        String(repeating: "g", count: 64), String(repeating: "+1", count: 32),
    ])
    func otherTextsAreNoSecret(text: String) {
        #expect(InstallationSecret(hexadecimal: text, keyedFrom: .now) == nil)
    }

    @Test func aSecretIsReadAsItIsWritten() {
        let secret = InstallationSecret()
        #expect(InstallationSecret(hexadecimal: secret.hexadecimal, keyedFrom: secret.keyedFrom) == secret)
    }
}
