import ArgumentParser
import Environment
import Foundation
import TestSupport
import Testing

@testable import API
@testable import Runtime

/// The documentation, the help text and the options follow from one table of settings.
@Suite struct APISettingsTests {
    private static let all = APISettings.table + StoreSettings.table

    @Test func theDocumentationHasARowForEachSetting() throws {
        let differences = try APISettings.table.differencesFromDocumentation(after: "## API")
        #expect(differences == [])
    }

    @Test func theHelpTextHasALineForEachSetting() {
        let help = API.App.helpMessage()
        #expect(Self.all.missing(inHelp: help) == [])
        #expect(help.components(separatedBy: "(default:").count - 1 == Self.all.count)
    }

    @Test func eachOptionOverridesItsVariable() throws {
        let app = try #require(try API.App.parseAsRoot(Self.all.exampleArguments) as? API.App)
        #expect(app.flags == Self.all.exampleFlags)
    }
}
