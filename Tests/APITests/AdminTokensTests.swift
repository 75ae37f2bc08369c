import Environment
import Foundation
import TestSupport
import Testing

@testable import API

/// The file that ADMIN_TOKENS_FILE names.
@Suite struct AdminTokensTests {
    @Test func aFileHasNamesRolesAndTokens() throws {
        let tokens = try AdminTokens(
            """
            # the people on call

            anna operator aaaaaaaaaaaaaaaa
              bert\tviewer \t bbbb#bbbbbbbbbbb\u{20}
              # indented
            c-3.p_O viewer cccccccccccccccc\r
            """)
        #expect(tokens.all.map(\.administrator.name) == ["anna", "bert", "c-3.p_O"])
        #expect(tokens.all.map(\.administrator.role) == [.operator, .viewer, .viewer])
        #expect(tokens.all.map(\.token) == ["aaaaaaaaaaaaaaaa", "bbbb#bbbbbbbbbbb", "cccccccccccccccc"])
        #expect(try AdminTokens("").all.isEmpty)
    }

    private static let secret = "very-secret-token"

    @Test(arguments: [
        "anna \(secret)", "anna operator", "anna", "anna operator \(secret) more", "anna \(secret) operator",
        "\(secret) anna operator", "anna Operator \(secret)", "anna admin \(secret)", "admin operator \(secret)",
        "demo viewer \(secret)", "an/na operator \(secret)", "ännä operator \(secret)",
        "\(String(repeating: "n", count: 65)) operator \(secret)", "anna operator fifteen-letters",
        "anna operator \(secret)\u{7}", "anna operator \(secret)é", "anna,operator,\(secret)",
        "\u{feff}anna operator \(secret)",
    ])
    func aFlawedLineIsNamedAndNotRepeated(line: String) throws {
        let flaw = try #require(throws: AdminTokensFlaw.self) {
            try AdminTokens("# names\nbert viewer bbbbbbbbbbbbbbbb\n\n\(line)\n")
        }
        #expect(flaw.description.hasPrefix("line 4: "))
        #expect(!flaw.description.contains(Self.secret))
        #expect(!flaw.description.contains("\n"))
    }

    @Test func aNameAndATokenOccurOnce() throws {
        let first = "anna viewer aaaaaaaaaaaaaaaa\n"
        let name = #expect(throws: AdminTokensFlaw.self) { try AdminTokens(first + "anna operator bbbbbbbbbbbbbbbb") }
        #expect(name?.description == "line 2: line 1 has the same name")
        let token = #expect(throws: AdminTokensFlaw.self) { try AdminTokens(first + "bert viewer aaaaaaaaaaaaaaaa") }
        #expect(token?.description == "line 2: line 1 has the same token")
    }

    @Test func aFileHasUpToAHundredTokens() throws {
        let lines = (1...101).map { "name\($0) viewer token-number-\(1000 + $0)" }
        #expect(try AdminTokens(lines.dropLast().joined(separator: "\n\n")).all.count == 100)
        let flaw = #expect(throws: AdminTokensFlaw.self) { try AdminTokens(lines.joined(separator: "\n")) }
        #expect(flaw?.description == "line 101: there are more than 100 tokens")
    }

    private func settings(_ variables: [String: String]) throws -> APISettings {
        try APISettings(Settings(flags: [:], environment: variables))
    }

    private func flaw(_ variables: [String: String]) throws -> String? {
        try #require(throws: SettingsError.self) { try settings(variables) }.description
    }

    @Test func theSettingNamesAFile() throws {
        let folder = try ServerProcess.makeDirectory()
        let file = folder.appendingPathComponent("tokens").path
        #expect(try flaw(["ADMIN_TOKENS_FILE": file])?.contains("it cannot be read") == true)
        #expect(try flaw(["ADMIN_TOKENS_FILE": folder.path])?.contains("it cannot be read") == true)

        try Data("anna viewer \(Self.secret)\n".utf8).write(to: URL(fileURLWithPath: file))
        let tokens = try settings(["ADMIN_TOKENS_FILE": file]).adminTokens
        #expect(tokens.all.map(\.token) == [Self.secret])
        let taken = try flaw(["ADMIN_TOKENS_FILE": file, "ADMIN_TOKEN": Self.secret])
        #expect(taken == "ADMIN_TOKENS_FILE cannot be used: line 1: the token is ADMIN_TOKEN")

        try Data([0x61, 0xff, 0x0a]).write(to: URL(fileURLWithPath: file))
        #expect(try flaw(["ADMIN_TOKENS_FILE": file])?.contains("it is not UTF-8") == true)
        try Data(repeating: 0x0a, count: 1 << 20 + 1).write(to: URL(fileURLWithPath: file))
        #expect(try flaw(["ADMIN_TOKENS_FILE": file])?.contains("longer than 1 MiB") == true)
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(try settings(["ADMIN_TOKENS_FILE": file]).adminTokens.all.isEmpty)
    }
}
