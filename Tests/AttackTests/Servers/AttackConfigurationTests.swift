import Foundation
import TestSupport
import Testing

/// The options of Attack as `--help` has them, and docs/configuration.md.
@Suite(.timeLimit(.minutes(10))) struct AttackConfigurationTests {
    private struct Help: Decodable {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { var name: String }
                var names: [Name]?
                var abstract: String?
                var defaultValue: String?
            }
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }
        var command: Command
    }

    private static let shared = "Options of `Attack attack`, `Attack judge` and `Attack lab`:"

    @Test(arguments: [
        ("attack", ["Options of `Attack attack`:", shared]),
        ("judge", [shared]),
        ("lab", ["Options of `Attack lab`, which `make lab` runs:", shared]),
        (
            "health",
            [
                "the image has no shell and no curl. It exits with 0 if the program is ready, and with 1 if it is not or does "
                    + "not answer."
            ]
        ),
    ])
    func theDocumentationHasARowForEachOption(subcommand: String, lines: [String]) async throws {
        let run = try Run("Attack", ["--experimental-dump-help"], [:])
        #expect(try await run.exitCode() == 0)
        let root = try JSONDecoder().decode(Help.self, from: Data(run.output.utf8)).command
        let command = try #require(root.subcommands?.first { $0.commandName == subcommand })
        let options = try #require(command.arguments).filter {
            $0.names != nil && $0.names?.contains { $0.name == "help" } == false
        }
        let rows = try lines.flatMap { try DocumentedTable(after: $0).rows }
        #expect(Set(rows.map { $0[1] }) == Set(options.compactMap(\.names?.last).map { "`--\($0.name)`" }))
        for row in rows {
            let option = try #require(options.first { $0.names?.last.map { "`--\($0.name)`" } == row[1] })
            #expect(option.abstract == Self.abstract(row, hasDefault: option.defaultValue != nil))
            // The command line separates several values with spaces, the help text with commas.
            if let value = option.defaultValue?.replacing(", ", with: " ") { #expect(row[2] == "`\(value)`") }
        }
    }

    /// The help text that corresponds to a row. A default that is not a value of the option is part of the text.
    private static func abstract(_ row: [String], hasDefault: Bool) -> String {
        let cells = row.map { $0.replacing("`", with: "") }
        let text = cells[3].prefix(1).uppercased() + cells[3].dropFirst() + "."
        return hasDefault || ["none", "off"].contains(cells[2]) ? text : "\(text) (default: \(cells[2]))"
    }
}
