import Foundation
import TestSupport
import Testing

/// The image compiles the packages that this one needs before its sources are there.
@Suite(.timeLimit(.minutes(10))) struct StandInTests {
    private struct Manifest: Decodable {
        struct Target: Decodable {
            struct Resource: Decodable { let path: String }

            let name: String
            let type: String
            let path: String?
            let resources: [Resource]
            let exclude: [String]

            var folder: String { path ?? (type == "test" ? "Tests/\(name)" : "Sources/\(name)") }
        }

        let targets: [Target]
    }

    @Test func everyTargetHasAStandIn() async throws {
        let folder = try ServerProcess.makeDirectory()
        let script = """
            set -eu
            mkdir Sources Tests deploy
            cp '\(checkout.path)/Package.swift' .
            # What the Dockerfile copies before it runs the script.
            for name in CHiredis CLibpq CLibcrypto; do cp -r '\(checkout.path)/Sources/'$name Sources; done
            for name in CLua CSpawn; do cp -r '\(checkout.path)/Tests/'$name Tests; done
            sh '\(checkout.path)/deploy/scripts/stand-in-sources.sh'
            swift package dump-package >manifest.json
            """
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let run = try Run(
            URL(fileURLWithPath: "/bin/sh"), ["-c", "cd '\(folder.path)' && \(script)"],
            ["HOME": folder.path, "PATH": path])
        #expect(try await run.exitCode(within: 240) == 0, "\(run.output)")
        let data = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
        let targets = try JSONDecoder().decode(Manifest.self, from: data).targets
        #expect(targets.count > 30)
        for target in targets {
            for path in [""] + target.resources.map(\.path) + target.exclude {
                let file = folder.appendingPathComponent(target.folder).appendingPathComponent(path)
                #expect(FileManager.default.fileExists(atPath: file.path), "\(target.folder)/\(path) has no stand-in")
            }
        }
    }
}
