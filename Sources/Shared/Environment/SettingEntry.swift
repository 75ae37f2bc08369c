import Foundation

/// The description of a setting: its names and its texts. ``Setting`` adds how its value is parsed.
package struct SettingEntry: Hashable, Sendable {
    package enum Default: Hashable, Sendable {
        case none
        case value(String)
        /// A value that depends on another setting, in words.
        case computed(String)
    }

    /// The environment variable.
    package let name: String
    package let `default`: Default
    /// Whether the value can also be read from the file that `NAME_FILE` names.
    package let isSecret: Bool
    /// What the setting means, as a Markdown phrase without a full stop; it begins with a lower-case letter or with
    /// code.
    package let meaning: String

    package init(_ name: String, default: Default, isSecret: Bool = false, _ meaning: String) {
        self.name = name
        self.default = `default`
        self.isSecret = isSecret
        self.meaning = meaning
    }

    /// The long name of the command-line option, without its hyphens: the variable in lower case, without the program's
    /// prefix.
    package var option: String {
        name.trimmingPrefix("WORKER_").lowercased().replacing("_", with: "-")
    }

    /// The line of `--help`.
    package var help: String {
        let text = Self.plain(meaning)
        let sentence = meaning.hasPrefix("`") ? text : text.prefix(1).uppercased() + text.dropFirst()
        return "\(sentence). \(name) (default: \(Self.plain(defaultCell)))"
    }

    /// The rows of docs/configuration.md: Variable, Option, Default, Meaning.
    package var rows: [[String]] {
        let row = ["`\(name)`", "`--\(option)`", defaultCell, meaning]
        return isSecret ? [row, ["`\(name)_FILE`", "-", "none", "file whose first line is the `\(name)`"]] : [row]
    }

    private var defaultCell: String {
        switch `default` {
        case .none: "none"
        case .value(let text): "`\(text)`"
        case .computed(let words): words
        }
    }

    /// Markdown without the marks of its code.
    private static func plain(_ markdown: String) -> String { markdown.replacing("`", with: "") }
}
