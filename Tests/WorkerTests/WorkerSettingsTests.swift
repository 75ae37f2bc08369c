import ArgumentParser
import Environment
import Foundation
import TestSupport
import Testing

@testable import Runtime
@testable import Worker

/// The documentation, the help text and the options follow from one table of settings.
@Suite struct WorkerSettingsTests {
    private static let all = WorkerSettings.table + StoreSettings.table

    @Test func theDocumentationHasARowForEachSetting() throws {
        let differences = try WorkerSettings.table.differencesFromDocumentation(after: "## Worker")
        #expect(differences == [])
    }

    @Test func theHelpTextHasALineForEachSetting() {
        let help = Worker.App.helpMessage()
        #expect(Self.all.missing(inHelp: help) == [])
        #expect(help.components(separatedBy: "(default:").count - 1 == Self.all.count)
    }

    @Test func eachOptionOverridesItsVariable() throws {
        let app = try #require(try Worker.App.parseAsRoot(Self.all.exampleArguments) as? Worker.App)
        #expect(app.flags == Self.all.exampleFlags)
    }
}
