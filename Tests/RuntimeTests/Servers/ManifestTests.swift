import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct ManifestTests {
    /// The manifests are valid against the schemas of Kubernetes, their references resolve, and their variables are
    /// settings of the programs; see Tests/Tools/manifests.py.
    @Test func manifestsAndComposeFileAreConsistent() async throws {
        var helps: [String] = []
        for program in ["API", "Worker"] {
            let help = try Run(program, ["--help"], [:])
            #expect(try await help.exitCode() == 0)
            let file = try ServerProcess.makeDirectory().appendingPathComponent("help")
            try help.output.write(to: file, atomically: true, encoding: .utf8)
            helps.append(file.path)
        }
        let script = checkout.appendingPathComponent("Tests/Tools/manifests.py").path
        let run = try Run(
            try tool("python"), [script, checkout.appendingPathComponent("deploy").path] + helps, [:])
        #expect(try await run.exitCode(within: 120) == 0, "\(run.output)")
    }
}
