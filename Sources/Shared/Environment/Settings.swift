import Configuration
import Foundation

/// A setting with a value that cannot be used: one line that says which, what is wrong and what would do.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }

    /// The exit code for a bad configuration, EX_CONFIG of sysexits(3).
    package static let exitCode: Int32 = 78
}

/// Reads settings from flags and, where a flag is not given, from the environment. An empty value counts as none.
package struct Settings: Sendable {
    private let reader: ConfigReader

    /// - Parameters:
    ///   - flags: the values of flags by the setting's name in the environment, nil where a flag was not given.
    ///   - environment: the environment's variables, for tests; nil for the process's own.
    package init(flags: [String: String?], environment: [String: String]? = nil) {
        var given: [AbsoluteConfigKey: ConfigValue] = [:]
        for case (let name, let value?) in flags where !value.isEmpty {
            given[Self.key(name)] = ConfigValue(.string(value), isSecret: true)
        }
        let variables =
            environment.map { EnvironmentVariablesProvider(environmentVariables: $0) } ?? EnvironmentVariablesProvider()
        reader = ConfigReader(providers: [InMemoryProvider(values: given), variables])
    }

    private static func key(_ name: String) -> AbsoluteConfigKey {
        AbsoluteConfigKey(name.lowercased().split(separator: "_").map(String.init))
    }

    /// A text; nil where neither the flag nor the variable is set.
    package func text(_ name: String) -> String? {
        let value = reader.string(forKey: ConfigKey(Self.key(name).components), isSecret: true)
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    package func text(_ name: String, default fallback: String) -> String {
        text(name) ?? fallback
    }

    /// A text that is not to stand in the environment: where `NAME` is not set, the first line of the file that
    /// `NAME_FILE` names, as Docker and Kubernetes hand secrets over.
    package func secret(_ name: String) throws(SettingsError) -> String? {
        if let value = text(name) { return value }
        guard let path = text(name + "_FILE") else { return nil }
        guard let file = try? String(contentsOfFile: path, encoding: .utf8),
            let line = file.split(whereSeparator: \.isNewline).first
        else {
            throw SettingsError(description: "\(name)_FILE is '\(path)', but no text can be read from that file")
        }
        return String(line)
    }

    package func integer(
        _ name: String, default fallback: Int, in range: ClosedRange<Int>
    ) throws(SettingsError) -> Int {
        guard let text = text(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Self.bad(name, text, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func flag(_ name: String, default fallback: Bool) throws(SettingsError) -> Bool {
        guard let text = text(name) else { return fallback }
        switch text.lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw Self.bad(name, text, "true or false")
        }
    }

    package func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, default fallback: Value
    ) throws(SettingsError) -> Value {
        guard let text = text(name) else { return fallback }
        guard let value = Value(rawValue: text.lowercased()) else {
            throw Self.bad(name, text, "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }

    /// A value that cannot be used, and what could.
    package static func bad(_ name: String, _ text: String, _ wanted: String) -> SettingsError {
        SettingsError(description: "\(name) is '\(text)', but must be \(wanted)")
    }
}
