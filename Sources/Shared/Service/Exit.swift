import Foundation

public enum Exit {
    /// Ends the process with one line on the standard error stream.
    public static func now(_ code: Int32, _ line: String) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
        exit(code)
    }
}
