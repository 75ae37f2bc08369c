import Foundation

package enum Exit {
    /// Ends the process with one line on the standard error stream.
    package static func now(_ code: Int32, _ line: String) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
        exit(code)
    }
}
