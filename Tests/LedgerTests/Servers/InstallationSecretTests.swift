import TestSupport
import Testing

@testable import Domain
@testable import Ledger
@testable import PostgresClient

/// The secret with which ids are made from idempotency keys.
@Suite(.timeLimit(.minutes(10))) struct InstallationSecretTests {
    @Test func programsThatStartTogetherGetOneSecret() async throws {
        try await withTestStores { test in
            try await test.sql("DELETE FROM installation")
            let secrets = try await withThrowingTaskGroup(of: InstallationSecret.self) { group in
                for _ in 0..<30 { group.addTask { try await test.ledger.secret() } }
                return try await group.reduce(into: Set<InstallationSecret>()) { $0.insert($1) }
            }
            #expect(secrets.count == 1)
            #expect(try await test.ledger.secret() == secrets.first)
            #expect(Set(secrets.first?.bytes ?? []).count > 8)
        }
    }

    @Test func installationsHaveDifferentSecrets() async throws {
        let first = try await withTestStores { try await $0.ledger.secret() }
        let second = try await withTestStores { try await $0.ledger.secret() }
        #expect(first.bytes != second.bytes)
    }

    @Test func aNewInstallationUsesItsSecretAtOnce() async throws {
        try await withTestStores { test in
            let secret = try await test.ledger.secret()
            #expect(secret.keyedFrom == Timestamp(milliseconds: 0))
        }
    }

    /// In an installation of an earlier release, programs of that release may run until the upgrade is complete.
    @Test func anUpgradedInstallationUsesItsSecretADayAfterTheFirstStart() async throws {
        try await withPostgresServer { postgres in
            let pool = PostgresPool(PostgresConfiguration(conninfo: postgres.url))
            let ledger = Ledger(pool: pool)
            try await Migrator(Ledger.migrations.filter { $0.version <= 6 }).migrate(pool)
            let steps = try await ledger.migrate()
            #expect(steps.first?.version == 7)
            let before = Timestamp.now.milliseconds
            let begin = try await ledger.secret().keyedFrom.milliseconds
            let day: Int64 = 24 * 3_600_000
            #expect((before + day - 5000...Timestamp.now.milliseconds + day + 5000).contains(begin))
            // A later start does not move it.
            #expect(try await ledger.secret().keyedFrom.milliseconds == begin)
            await pool.close()
        }
    }

    @Test(arguments: ["", "0011", String(repeating: "z", count: 64)])
    func aDamagedSecretIsAnError(text: String) async throws {
        try await withTestStores { test in
            try await test.sql("UPDATE installation SET value = '\(text)' WHERE name = 'id_secret'")
            await #expect(throws: UnreadableSecret.self) { try await test.ledger.secret() }
        }
    }
}
