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

    /// The format of Docker and Kubernetes, with or without a newline at the end. The variable itself has precedence.
    @Test(arguments: ["geheim\n", "geheim", "\ngeheim\nmore"]) func aSecretCanBeInAFile(text: String) throws {
        let path = try file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let secret = Setting<String?>(secret: "A", "")
        #expect(try Settings(flags: [:], environment: ["A_FILE": path]).value(of: secret) == "geheim")
        #expect(try Settings(flags: [:], environment: ["A_FILE": path, "A": "other"]).value(of: secret) == "other")
        #expect(try Settings(flags: [:], environment: [:]).value(of: secret) == nil)
    }

    @Test func anUnreadableFileIsNamed() {
        let error = #expect(throws: SettingsError.self) {
            try StoreSettings(Settings(flags: [:], environment: ["REDIS_URL_FILE": "/nowhere/redis"]))
        }
        #expect(error?.description.contains("REDIS_URL_FILE is '/nowhere/redis'") == true)
    }
}
