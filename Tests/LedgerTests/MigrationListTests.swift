import Foundation
import PostgresClient
import TestSupport
import Testing

@testable import Ledger

@Suite struct MigrationListTests {
    /// A file that the list lacks would never run.
    @Test func everyFileIsAStep() throws {
        let folder = checkout.appendingPathComponent("Sources/Shared/Ledger/Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let steps = Ledger.migrations.map { step in
            let number = String(step.version)
            return "migration_\(String(repeating: "0", count: 4 - number.count))\(number)_\(step.name).sql"
        }
        #expect(files == steps)
    }
}
