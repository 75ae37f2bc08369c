package import Foundation

/// The checkout that the tests were built from.
package let checkout = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The path of a tool that only tests use; `make test` installs it.
package func tool(_ name: String) throws -> URL {
    let tool = checkout.appendingPathComponent(".run/tools/bin/\(name)")
    guard FileManager.default.isExecutableFile(atPath: tool.path) else {
        throw GaveUp(description: "\(name) is missing; make test installs it")
    }
    return tool
}
