package import ArgumentParser
package import Environment

/// The value of an option that was given on the command line, and the variable that it overrides.
package struct GivenOption: Hashable, Sendable {
    package let name: String
    package let text: String
}

extension Option where Value == GivenOption? {
    /// The option of a setting; its name and its help text are the setting's.
    package init(_ setting: Setting<some Sendable>) {
        let entry = setting.entry
        self.init(name: .customLong(entry.option), help: ArgumentHelp(entry.help)) {
            GivenOption(name: entry.name, text: $0)
        }
    }
}

extension ParsableArguments {
    /// The values of the options that were given, by the names of their variables, those of ``StoreOptions`` included.
    ///
    /// Reflection finds the options, as in ArgumentParser itself, so that no second list repeats them.
    package var flags: [String: String?] {
        var flags: [String: String?] = [:]
        for child in Mirror(reflecting: self).children {
            if let option = (child.value as? Option<GivenOption?>)?.wrappedValue {
                flags[option.name] = option.text
            } else if let group = child.value as? OptionGroup<StoreOptions> {
                flags.merge(group.wrappedValue.flags) { $1 }
            }
        }
        return flags
    }
}
