import Foundation
import TestSupport
import Testing

@Suite struct AdvisoryTests {
    private struct Resolved: Decodable {
        struct Pin: Decodable {
            struct State: Decodable { var version: String? }
            var identity: String
            var state: State
        }
        var pins: [Pin]
    }

    /// Every dependency of this build is newer than its known advisories.
    @Test func noPackageHasAKnownAdvisory() throws {
        let data = try Data(contentsOf: checkout.appendingPathComponent("Package.resolved"))
        let pins = try JSONDecoder().decode(Resolved.self, from: data).pins
        let versions = Dictionary(uniqueKeysWithValues: pins.map { ($0.identity, $0.state.version ?? "0") })
        let list = try String(
            contentsOf: checkout.appendingPathComponent("Tests/Tools/advisories.txt"), encoding: .utf8)
        let floors = list.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
        #expect(floors.count >= 7)
        for floor in floors {
            let version = try #require(versions[String(floor[0])], "\(floor[0]) is no longer a dependency")
            #expect(version.compare(String(floor[1]), options: .numeric) != .orderedAscending, "\(floor[0]) \(version)")
        }
    }

    /// docs/security.md lists the same versions.
    @Test func theSecurityDocumentHasTheSameVersions() throws {
        let page = try String(contentsOf: checkout.appendingPathComponent("docs/security.md"), encoding: .utf8)
        let list = try String(
            contentsOf: checkout.appendingPathComponent("Tests/Tools/advisories.txt"), encoding: .utf8)
        for line in list.split(separator: "\n") where !line.hasPrefix("#") {
            let floor = line.split(separator: " ")
            #expect(page.contains("| \(floor[0]) | \(floor[1]) |"))
        }
    }
}
