import Foundation

/// A table of docs/configuration.md.
package struct DocumentedTable {
    /// The cells of each row, without the header.
    package let rows: [[String]]

    /// The first table after a line of the document.
    ///
    /// - Parameter line: the whole line, such as the heading of a section.
    package init(after line: String) throws {
        let file = checkout.appendingPathComponent("docs/configuration.md")
        let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
        guard let start = lines.firstIndex(of: line) else {
            throw GaveUp(description: "docs/configuration.md has no line '\(line)'")
        }
        let table = lines[start...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        guard table.first == "| Variable | Option | Default | Meaning |" else {
            throw GaveUp(description: "the table after '\(line)' has other columns")
        }
        rows = table.dropFirst(2).map { row in
            row.dropFirst().dropLast().components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }
}
