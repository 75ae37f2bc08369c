import ArgumentParser
import Environment
import Foundation

/// This module's way in: a program is a file that calls it.
package enum Program {
    /// Runs the load generator and judge with the process's arguments; ends the process where they, or a setting, cannot be used.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Attack",
        abstract: "Buys from a sale as a crowd does, follows every ticket to its end, and judges what was sold.",
        discussion: """
            Exit code 0: every invariant holds. 1: one is broken; the report says which. 2: it could not be judged, since the \
            sale could not be reached or orders were still on their way. 64: the command was not understood.

            The target must not be sold from by anyone else meanwhile.
            """,
        subcommands: [AttackCommand.self, LabCommand.self, HealthCommand.self], defaultSubcommand: AttackCommand.self)
}

/// How a program of this kind ends.
enum Judgement: Int32 {
    case holds = 0
    case broken = 1
    case unjudged = 2

    var exitCode: ExitCode { ExitCode(rawValue) }
}

extension ExitCode {
    /// Says on standard error why there is no judgement, or none that could be handed over.
    static func unjudged(_ line: String) -> ExitCode {
        FileHandle.standardError.write(Data("Attack: \(line)\n".utf8))
        return Judgement.unjudged.exitCode
    }
}

extension Data {
    /// Writes a file that was asked for.
    func write(toFile path: String) throws(ExitCode) {
        do {
            try write(to: URL(fileURLWithPath: path))
        } catch {
            throw .unjudged("could not write \(path): \(error.localizedDescription)")
        }
    }
}
