import Foundation

package enum Exit {
    /// Writes one line to standard error and ends the process.
    package static func now(_ code: Int32, _ line: String) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
        exit(code)
    }
}
