import TestSupport

@testable import API

/// The request; nil if it was refused. A request that is not valid must be refused as `invalid-request`; any other error
/// fails the test.
func accepted<Value>(_ request: @autoclosure () throws -> Value) throws -> Value? {
    do {
        return try request()
    } catch let problem as Problem {
        try require(problem.code == .invalidRequest, "refused with \(problem.code)")
        return nil
    }
}
