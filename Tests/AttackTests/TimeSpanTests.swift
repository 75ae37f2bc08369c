import Foundation
import Testing

@testable import Attack

struct TimeSpanTests {
    @Test(arguments: [("5s", 5.0), ("500ms", 0.5), ("2m", 120), ("3", 3), ("0.25s", 0.25)])
    func aDurationIsParsed(text: String, seconds: Double) {
        #expect(TimeSpan(argument: text)?.duration.seconds == seconds)
    }

    @Test func theDescriptionIsAValidArgument() {
        #expect(TimeSpan(.seconds(5)).defaultValueDescription == "5s")
    }

    @Test(arguments: ["", "0", "-1s", "5h", "s", "1e9", "five"]) func otherTextIsRefused(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}
