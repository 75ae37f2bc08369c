import Environment

/// Checks that the documentation, the help text and the options have every setting of a table.
extension [SettingEntry] {
    /// The differences between the settings and a table of docs/configuration.md; empty if there are none.
    ///
    /// - Parameter line: the line before the table, as in ``DocumentedTable``.
    package func differencesFromDocumentation(after line: String) throws -> [String] {
        let documented = try DocumentedTable(after: line).rows
        let expected = flatMap(\.rows)
        var differences = zip(documented, expected).filter { $0 != $1 }.map { "\($0) instead of \($1)" }
        if documented.count != expected.count {
            differences.append("\(documented.count) rows instead of \(expected.count)")
        }
        return differences
    }

    /// The names of the settings that have no line in a help text.
    package func missing(inHelp help: String) -> [String] {
        // Line breaks depend on the width of the terminal.
        let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return filter { !words.contains("--\($0.option) <\($0.option)> \($0.help)") }.map(\.name)
    }

    /// An argument for each option. Its value is that of ``exampleFlags``.
    package var exampleArguments: [String] { flatMap { ["--\($0.option)", "value of \($0.name)"] } }

    /// The values that the options have with ``exampleArguments``, by the name of the variable.
    package var exampleFlags: [String: String?] {
        Dictionary(uniqueKeysWithValues: map { ($0.name, "value of \($0.name)") })
    }
}
