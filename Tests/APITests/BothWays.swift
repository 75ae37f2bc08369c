import Testing

/// The two ways by which the API responds to the requests of a rush: the connection itself, and the router. Clients must not
/// see a difference.
enum ResponseWay: String, Sendable, CaseIterable {
    case connection, router

    /// The way that a test is running with.
    @TaskLocal static var current = ResponseWay.connection
}

/// Runs each test of a suite once for each ``ResponseWay``.
struct BothWaysTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for way in ResponseWay.allCases { try await ResponseWay.$current.withValue(way) { try await function() } }
    }
}

extension Trait where Self == BothWaysTrait {
    static var bothWays: Self { BothWaysTrait() }
}
