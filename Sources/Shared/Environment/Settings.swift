import Configuration
import Foundation

/// A setting whose value is not valid. The description is one line: the setting, its value and what is valid.
package struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }

    /// The exit code for an invalid configuration, EX_CONFIG of sysexits(3).
    package static let exitCode: Int32 = 78
}

/// The values of settings: from command-line options and, if an option is not given, from the environment. An empty
/// value counts as not set.
package struct Settings: Sendable {
    private let reader: ConfigReader

    /// - Parameters:
    ///   - flags: the values of the options by the name of the setting's variable; nil if an option is not given.
    ///   - environment: the environment variables, for tests; nil for those of the process.
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

    /// The value of a setting, or its default if it is not set.
    ///
    /// - Throws: a ``SettingsError`` if the value is not valid, or if the file of a secret cannot be read.
    package func value<Value>(of setting: Setting<Value>) throws(SettingsError) -> Value {
        let name = setting.entry.name
        return try setting.value(setting.entry.isSecret ? try secret(name) : text(name))
    }

    private func text(_ name: String) -> String? {
        let value = reader.string(forKey: ConfigKey(Self.key(name).components), isSecret: true)
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A value that is not stored in the environment: if `NAME` is not set, the first line of the file that `NAME_FILE`
    /// names. Docker and Kubernetes pass secrets in this way.
    private func secret(_ name: String) throws(SettingsError) -> String? {
        if let value = text(name) { return value }
        guard let path = text(name + "_FILE") else { return nil }
        guard let file = try? String(contentsOfFile: path, encoding: .utf8),
            let line = file.split(whereSeparator: \.isNewline).first
        else {
            throw SettingsError(description: "\(name)_FILE is '\(path)', but no text can be read from that file")
        }
        return String(line)
    }

    /// The error for a value that is not valid.
    ///
    /// - Parameter wanted: what is valid.
    package static func bad(_ name: String, _ text: String, _ wanted: String) -> SettingsError {
        SettingsError(description: "\(name) is '\(text)', but must be \(wanted)")
    }
}
