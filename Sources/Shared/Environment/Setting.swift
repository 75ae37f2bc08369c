import Foundation

/// A setting of a program, declared once. The parsing of its value, its error line, its line of `--help` and its row of
/// docs/configuration.md follow from the declaration.
package struct Setting<Value: Sendable>: Sendable {
    package let entry: SettingEntry
    /// The value of a text, or the default if the text is nil.
    let value: @Sendable (String?) throws(SettingsError) -> Value

    /// A setting with a parser of its own.
    ///
    /// - Parameter value: gets nil if the setting is not set; throws if the text is not valid.
    package init(_ entry: SettingEntry, value: @escaping @Sendable (String?) throws(SettingsError) -> Value) {
        self.entry = entry
        self.value = value
    }
}

extension Setting where Value == String {
    package init(_ name: String, default text: String, _ meaning: String) {
        self.init(SettingEntry(name, default: .value(text), meaning)) { $0 ?? text }
    }
}

extension Setting where Value == String? {
    /// A secret without a default.
    package init(secret name: String, _ meaning: String) {
        self.init(SettingEntry(name, default: .none, isSecret: true, meaning)) { $0 }
    }
}

extension Setting where Value == Int {
    /// - Parameter note: follows the range in the setting's texts.
    package init(
        _ name: String, default number: Int, in range: ClosedRange<Int>, _ meaning: String, note: String? = nil
    ) {
        let meaning = IntegerRange.meaning(meaning, range, note)
        self.init(SettingEntry(name, default: .value(String(number)), meaning)) { text throws(SettingsError) in
            try text.map { text throws(SettingsError) in try IntegerRange.parse(text, as: name, in: range) } ?? number
        }
    }
}

extension Setting where Value == Int? {
    /// A number that is nil if it is not set.
    ///
    /// - Parameter words: the default, if the program computes one.
    package init(
        _ name: String, default words: String? = nil, in range: ClosedRange<Int>, _ meaning: String,
        note: String? = nil
    ) {
        let meaning = IntegerRange.meaning(meaning, range, note)
        let entry = SettingEntry(name, default: words.map(SettingEntry.Default.computed) ?? .none, meaning)
        self.init(entry) { text throws(SettingsError) in
            try text.map { text throws(SettingsError) in try IntegerRange.parse(text, as: name, in: range) }
        }
    }
}

extension Setting where Value == Bool {
    package init(_ name: String, default flag: Bool, _ meaning: String) {
        self.init(SettingEntry(name, default: .value(String(flag)), meaning)) { text throws(SettingsError) in
            switch text?.lowercased() {
            case nil: return flag
            case "true", "1", "yes": return true
            case "false", "0", "no": return false
            default: throw Settings.bad(name, text ?? "", "true or false")
            }
        }
    }
}

extension Setting where Value: RawRepresentable<String> & CaseIterable {
    /// One of the cases of a type; upper-case letters are accepted. The cases follow the meaning in the setting's
    /// texts.
    package init(_ name: String, default fallback: Value, _ meaning: String, note: String? = nil) {
        let cases = Value.allCases.map { "`\($0.rawValue)`" }
        let list = cases.dropLast().joined(separator: ", ") + " or " + (cases.last ?? "")
        let meaning = "\(meaning): \(list)" + (note.map { "; \($0)" } ?? "")
        self.init(SettingEntry(name, default: .value(fallback.rawValue), meaning)) { text throws(SettingsError) in
            guard let text else { return fallback }
            guard let value = Value(rawValue: text.lowercased()) else {
                throw Settings.bad(name, text, "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        }
    }
}

/// What the settings that are whole numbers share.
private enum IntegerRange {
    static func parse(_ text: String, as name: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw Settings.bad(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    static func meaning(_ meaning: String, _ range: ClosedRange<Int>, _ note: String?) -> String {
        let style = IntegerFormatStyle<Int>(locale: Locale(identifier: "en_US"))
        return "\(meaning), \(range.lowerBound.formatted(style)) to \(range.upperBound.formatted(style))"
            + (note.map { "; \($0)" } ?? "")
    }
}
