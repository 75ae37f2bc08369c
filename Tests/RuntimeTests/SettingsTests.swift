import Testing

@testable import Environment
@testable import RedisClient
@testable import Runtime

@Suite struct SettingsTests {
    private static let port = Setting<Int>("PORT", default: 3, in: 1...9, "")

    @Test func optionsOverrideVariablesAndAnEmptyValueIsNotSet() throws {
        let settings = Settings(
            flags: ["PORT": "1", "HOST": nil, "X": ""], environment: ["PORT": "2", "HOST": "h", "X": "x"])
        func text(_ name: String) -> Setting<String?> { Setting(SettingEntry(name, default: .none, "")) { $0 } }
        #expect(try settings.value(of: Self.port) == 1)
        #expect(try settings.value(of: text("HOST")) == "h")
        #expect(try settings.value(of: text("X")) == "x")
        #expect(try Settings(flags: [:], environment: ["X": ""]).value(of: text("X")) == nil)
    }

    @Test func anInvalidValueIsReportedInOneLine() throws {
        let settings = Settings(
            flags: [:], environment: ["PORT": "abc", "DEMO": "maybe", "PARTITIONS": "0", "REDIS_URL": "x"])
        #expect(throws: SettingsError(description: "PORT is 'abc', but must be a whole number from 1 to 9")) {
            try settings.value(of: Self.port)
        }
        #expect(throws: SettingsError(description: "DEMO is 'maybe', but must be true or false")) {
            try settings.value(of: Setting<Bool>("DEMO", default: false, ""))
        }
        #expect(throws: SettingsError.self) { try StoreSettings(settings) }
    }

    @Test func theDefaultsMatchTheDocumentation() throws {
        let settings = try StoreSettings(Settings(flags: [:], environment: [:]))
        #expect(settings.redis == RedisURL(address: .tcp(host: "127.0.0.1", port: 6379)))
        #expect(settings.databasePoolSize == 25)
        #expect(settings.partitioning.count == 1)
    }
}
