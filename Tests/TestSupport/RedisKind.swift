import Foundation
package import Testing

/// The servers that the tests of clusters run on: Redis from Debian, and Valkey from PyPI, which `make test` installs.
package enum RedisKind: String, Sendable, CaseIterable {
    case redis, valkey

    /// The kind of the servers that a test starts.
    @TaskLocal package static var current = RedisKind.redis

    /// The program of the server.
    var program: String {
        get throws {
            guard self == .valkey else { return "redis-server" }
            let tools = checkout.appendingPathComponent(".run/tools/lib")
            let files = FileManager.default.enumerator(at: tools, includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                if file.lastPathComponent == "valkey-server" { return file.path }
            }
            throw GaveUp(description: "valkey-server is missing; make test installs it")
        }
    }
}

/// Runs each test once for each ``RedisKind``.
package struct RedisAndValkeyTrait: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for kind in RedisKind.allCases { try await RedisKind.$current.withValue(kind) { try await function() } }
    }
}

extension Trait where Self == RedisAndValkeyTrait {
    package static var redisAndValkey: Self { RedisAndValkeyTrait() }
}
