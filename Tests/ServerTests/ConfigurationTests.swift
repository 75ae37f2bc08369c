import ArgumentParser
import Environment
import TestSupport
import Testing

@testable import API
@testable import Runtime
@testable import Worker

/// The settings of the API and the Worker: one table each, from which everything else follows.
@Suite(.timeLimit(.minutes(10))) struct ConfigurationTests {
    private static let tables: [(heading: String, table: [SettingEntry])] = [
        ("## Options of both programs", StoreSettings.table), ("## API", APISettings.table),
        ("## Worker", WorkerSettings.table),
    ]

    @Test(arguments: tables)
    func theDocumentationHasARowForEachSetting(heading: String, table: [SettingEntry]) throws {
        let rows = try DocumentedTable(after: heading).rows
        let wanted = table.flatMap(\.rows)
        for (row, wanted) in zip(rows, wanted) { #expect(row == wanted) }
        #expect(rows.count == wanted.count)
    }

    /// The text of `--help` without its line breaks, which depend on the width of the terminal.
    @Test(arguments: [
        (API.App.helpMessage(), APISettings.table), (Worker.App.helpMessage(), WorkerSettings.table),
    ])
    func helpHasALineForEachSetting(help: String, table: [SettingEntry]) {
        let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for entry in table + StoreSettings.table {
            #expect(words.contains("--\(entry.option) <\(entry.option)> \(entry.help)"), "\(entry.name)")
        }
        #expect(words.components(separatedBy: "(default:").count - 1 == table.count + StoreSettings.table.count)
    }

    @Test func eachOptionOverridesItsVariable() throws {
        func arguments(_ table: [SettingEntry]) -> [String] {
            (table + StoreSettings.table).flatMap { ["--\($0.option)", "value of \($0.name)"] }
        }
        let api = try #require(try API.App.parseAsRoot(arguments(APISettings.table)) as? API.App)
        let worker = try #require(try Worker.App.parseAsRoot(arguments(WorkerSettings.table)) as? Worker.App)
        for (flags, table) in [(api.flags, APISettings.table), (worker.flags, WorkerSettings.table)] {
            let names = (table + StoreSettings.table).map(\.name)
            #expect(flags.count == names.count)
            for name in names { #expect(flags[name] == "value of \(name)") }
        }
    }
}
