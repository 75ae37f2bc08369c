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

    /// What this build is made of is newer than the known advisories on it.
    @Test func noPackageHasAKnownAdvisory() throws {
        let data = try Data(contentsOf: checkout.appendingPathComponent("Package.resolved"))
        let pins = try JSONDecoder().decode(Resolved.self, from: data).pins
        let versions = Dictionary(uniqueKeysWithValues: pins.map { ($0.identity, $0.state.version ?? "0") })
        let list = try String(
            contentsOf: checkout.appendingPathComponent("Tests/Tools/advisories.txt"), encoding: .utf8)
        let floors = list.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
        #expect(floors.count >= 7)
        for floor in floors {
            let version = try #require(versions[String(floor[0])], "\(floor[0]) is not used any more")
            #expect(version.compare(String(floor[1]), options: .numeric) != .orderedAscending, "\(floor[0]) \(version)")
        }
    }

    /// And docs/security.md says the same.
    @Test func thePageOnSecurityHasTheList() throws {
        let page = try String(contentsOf: checkout.appendingPathComponent("docs/security.md"), encoding: .utf8)
        let list = try String(
            contentsOf: checkout.appendingPathComponent("Tests/Tools/advisories.txt"), encoding: .utf8)
        for line in list.split(separator: "\n") where !line.hasPrefix("#") {
            let floor = line.split(separator: " ")
            #expect(page.contains("| \(floor[0]) | \(floor[1]) |"))
        }
    }
}
