import ArgumentParser
import Foundation

/// The entry point of this module; a program is a file that calls it.
package enum Program {
    /// Runs the load generator with the arguments of the process. Ends the process if an argument is invalid.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Attack",
        abstract: "Generates load on a sale, follows every ticket to its final state, and verifies what was sold.",
        discussion: """
            Exit code 0: every invariant holds. 1: an invariant is broken; the report names it. 2: no verdict, because \
            the sale could not be reached or orders were still in flight. 64: the command line was not understood.

            Nothing else may sell from the target during the run, unless it is shared (--shared).
            """,
        subcommands: [AttackCommand.self, JudgeCommand.self, LabCommand.self, HealthCommand.self],
        defaultSubcommand: AttackCommand.self)
}

extension ExitCode {
    /// Writes to standard error why there is no verdict.
    static func unjudged(_ line: String) -> ExitCode {
        FileHandle.standardError.write(Data("Attack: \(line)\n".utf8))
        return Judgement.unjudged.exitCode
    }
}

extension Data {
    /// Writes a file that an option names.
    func write(toFile path: String) throws(ExitCode) {
        do {
            try write(to: URL(fileURLWithPath: path))
        } catch {
            throw .unjudged("could not write \(path): \(error.localizedDescription)")
        }
    }
}
