import Environment
import TestSupport
import Testing

@testable import Runtime

@Suite struct StoreSettingsTests {
    @Test func theDocumentationHasARowForEachSetting() throws {
        let differences = try StoreSettings.table.differencesFromDocumentation(after: "## Options of both programs")
        #expect(differences == [])
    }
}
