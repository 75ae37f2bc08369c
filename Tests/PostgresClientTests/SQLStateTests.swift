import Foundation
import Testing

@testable import PostgresClient

@Suite struct SQLStateTests {
    /// Every error code of the server's own list, by the prefix under which it is listed here. The longest prefix counts.
    private static let expected: [String: SQLState.Cause] = [
        "03": .defect, "08": .connection, "09": .defect, "0A": .session, "0B": .defect, "0F": .defect, "0L": .defect,
        "0P": .setup, "0Z": .defect, "20": .defect, "21": .defect, "22": .data, "23": .data, "24": .defect,
        "25": .session, "25P03": .connection, "25P04": .connection, "26": .session, "27": .defect, "28": .setup,
        "2B": .defect, "2D": .defect, "2F": .defect, "34": .defect, "38": .defect, "39": .defect, "3B": .defect,
        "3D": .setup, "3F": .setup, "40": .conflict, "40002": .data, "40003": .connection, "42": .defect,
        "42501": .setup, "42703": .setup, "42P01": .setup, "42P05": .session, "44": .data, "53": .unavailable,
        "54": .defect, "55": .unavailable, "57": .unavailable, "57P01": .connection, "57P02": .connection,
        "57P03": .connection, "57P04": .connection, "57P05": .connection, "58": .unavailable, "72": .conflict,
        "F0": .unavailable, "HV": .defect, "P0": .defect, "XX": .unavailable,
    ]

    private static func expectation(_ code: String) -> SQLState.Cause? {
        (2...5).reversed().lazy.compactMap { expected[String(code.prefix($0))] }.first
    }

    /// The codes of the classes that are errors, from the list of the installed server.
    private static func codes() throws -> [String] {
        let folder = URL(fileURLWithPath: "/usr/share/postgresql")
        let versions = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { Int($0) != nil }
        let files = versions.map { folder.appendingPathComponent("\($0)/errcodes.txt").path }
        let text = files.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }.first
        let lines = try #require(text).split(separator: "\n")
        return lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 3, words[1] == "E", words[0].count == 5 else { return nil }
            return String(words[0])
        }
    }

    @Test func everyErrorCodeOfTheServerHasItsMeaning() throws {
        let codes = try Self.codes()
        #expect(codes.count > 200)
        for code in codes { #expect(SQLState(code).cause == Self.expectation(code), "\(code)") }
    }

    @Test func anErrorThatEndsTheSessionLeavesTheOutcomeUnknown() {
        let error = PostgresError("terminating connection due to administrator command", sqlState: "57P01")
        #expect(error.code == .connectionLost)
        #expect(error.mayHaveRun)
        #expect(!error.isWorthRepeating)
        #expect(error.isAboutSession)
    }

    @Test(arguments: ["25006", "25P02", "26000", "0A000", "42P05"])
    func anErrorAboutTheSessionIsWorthRepeatingOnAnother(code: String) {
        let error = PostgresError("refused", sqlState: code)
        #expect(error.code == .server)
        #expect(error.isAboutSession)
        #expect(error.isWorthRepeating)
    }

    @Test(arguments: ["53100", "53300", "55P03", "57014", "42501", "23505", "42601"])
    func otherErrorsAreNotRepeated(code: String) {
        let error = PostgresError("refused", sqlState: code)
        #expect(!error.isWorthRepeating)
        #expect(!error.isAboutSession)
    }
}
