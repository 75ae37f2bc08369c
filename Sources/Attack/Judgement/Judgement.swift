import ArgumentParser

/// The result of a verification; the raw value is the exit code of the program.
enum Judgement: Int32 {
    case holds = 0
    case broken = 1
    case unjudged = 2

    var exitCode: ExitCode { ExitCode(rawValue) }
}
