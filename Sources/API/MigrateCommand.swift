import ArgumentParser
import Environment
import Ledger
import PostgresClient
import RedisSchema
import Runtime

/// `API migrate`: brings the schema up to date and exits. For installations whose programs run with a role that may not
/// create tables: the owner of the schema runs this before a new release starts.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Creates or migrates the schema of the ledger, and exits.",
        discussion: """
            Run it with the DATABASE_URL of the role that owns the schema. It can run while programs of the present or \
            the previous release serve. Exit codes: 0 the schema is up to date, 1 PostgreSQL does not respond or refuses, \
            78 a setting is not valid.
            """)

    @Option(help: "Gives this role the rights that the API and the Worker need. It must exist.")
    var grantTo: String?

    @Flag(
        help: """
            Changes the number of partitions of the installation to PARTITIONS. Only while the queue is empty and all \
            programs are stopped.
            """)
    var changePartitions = false

    @Option(APISettings.demo) var demo: GivenOption?

    @OptionGroup(title: "Stores and logs")
    var stores: StoreOptions

    func run() async throws {
        do {
            let settings = Settings(flags: flags)
            let stores = try StoreSettings(settings)
            let pool = PostgresPool(stores.postgres)
            try await migrate(
                Ledger(pool: pool), partitions: stores.partitioning.count,
                isDemo: try settings.value(of: APISettings.demo))
            await pool.close()
        } catch let error as SettingsError {
            Exit.now(SettingsError.exitCode, "API: \(error.description)")
        } catch {
            Exit.now(1, "API: the schema was not migrated: \(error)")
        }
    }

    private func migrate(_ ledger: Ledger, partitions: Int, isDemo: Bool) async throws {
        let steps = try await ledger.migrate()
        if isDemo { try await LabTable.create(in: ledger.pool) }
        for step in steps { print("ran the migration \(step.version) (\(step.name))") }
        if let grantTo {
            try await ledger.grant(to: grantTo, others: LabTable.names)
            print("gave \(grantTo) the rights that the programs need")
        }
        if changePartitions {
            try await ledger.setPartitionCount(partitions)
            print("the installation has \(partitions) partitions")
        }
        print("the schema is up to date")
    }
}
