import Foundation
import Testing

@testable import Environment
@testable import Runtime

struct SecretSettingsTests {
    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("tb-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// As Docker and Kubernetes hand them over, with or without an end of the line; the variable itself comes first.
    @Test(arguments: ["geheim\n", "geheim", "\ngeheim\nmore"]) func aSecretMayStandInAFile(text: String) throws {
        let path = try file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try Settings(flags: [:], environment: ["A_FILE": path]).secret("A") == "geheim")
        #expect(try Settings(flags: [:], environment: ["A_FILE": path, "A": "other"]).secret("A") == "other")
        #expect(try Settings(flags: [:], environment: [:]).secret("A") == nil)
    }

    @Test func aFileThatCannotBeReadIsNamed() {
        let error = #expect(throws: SettingsError.self) {
            try StoreSettings(Settings(flags: [:], environment: ["REDIS_URL_FILE": "/nowhere/redis"]))
        }
        #expect(error?.description.contains("REDIS_URL_FILE is '/nowhere/redis'") == true)
    }
}
