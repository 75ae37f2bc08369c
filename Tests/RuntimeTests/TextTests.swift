import Foundation
import NIOCore
import Testing

@testable import Domain
@testable import Runtime

@Suite struct RFC3339Tests {
    @Test func everyMillisecondIsParsedBack() {
        for milliseconds in Int64(1_795_466_379_000)..<1_795_466_380_000 {
            let time = Timestamp(milliseconds: milliseconds)
            #expect(RFC3339.timestamp(RFC3339.text(time)) == time)
        }
        #expect(RFC3339.text(Timestamp(milliseconds: 1_795_466_379_441)) == "2026-11-23T20:39:39.441Z")
        #expect(RFC3339.timestamp("2026-11-23T20:39:39Z")?.milliseconds == 1_795_466_379_000)
        #expect(RFC3339.timestamp("2026-11-23T21:39:39+01:00")?.milliseconds == 1_795_466_379_000)
        #expect(RFC3339.timestamp("2024-02-29t21:39:39.5z")?.milliseconds == 1_709_242_779_500)
        for text in [
            "", "2026-11-23", "tomorrow", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
            "2026-11-23T12:99:00Z", "2026-11-23T12:00:99Z", "2026-11-23T12:00:00+24:00", "2026-11-23T12:00:00+01:99",
            "2026-11-23T12:00:00", "2026-11-23T12:00:00X", "2026-11-23T12:00:00.Z1",
        ] {
            #expect(RFC3339.timestamp(text) == nil, "\(text)")
        }
    }
}

@Suite struct CivilTimeTests {
    /// Compared with Foundation's calendar, for days from the year 1600 to 9999, in which it has the same leap years.
    @Test func datesAreThoseOfTheGregorianCalendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let fields: Set<Calendar.Component> = [.year, .month, .day, .weekday, .hour, .minute, .second]
        for day in stride(from: -130_000, to: 2_900_000, by: 997) {
            let milliseconds = Int64(day) * 86_400_000 + Int64(day * 7919 % 86_400_000)
            let time = CivilTime(Timestamp(milliseconds: milliseconds))
            let date = calendar.dateComponents(fields, from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
            let wanted = [date.year, date.month, date.day, date.hour, date.minute, date.second]
            try #require([time.year, time.month, time.day, time.hour, time.minute, time.second] == wanted)
            try #require(time.weekday + 1 == date.weekday)
        }
    }

    @Test func theHTTPDateIsThatOfTheRFC() {
        var buffer = ByteBuffer()
        buffer.writeHTTPDate(Timestamp(milliseconds: 784_111_777_000))
        #expect(String(buffer: buffer) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}

@Suite struct JSONObjectTests {
    @Test func foundationParsesTheTextOfAnObject() throws {
        let odd = "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}é👩‍👧\u{2028}"
        var child = JSONObject()
        child["x"] = .integer(-7)
        var object = JSONObject()
        object[odd] = .string(odd)
        object["yes"] = .boolean(true)
        object["gone"] = .integer(1)
        object["gone"] = nil
        object["list"] = .array([child, child])
        let read = try #require(try JSONSerialization.jsonObject(with: Data(object.text.utf8)) as? [String: Any])
        #expect(read.count == 3)
        #expect(read[odd] as? String == odd)
        #expect(read["yes"] as? Bool == true)
        #expect((read["list"] as? [[String: Int]]) == [["x": -7], ["x": -7]])
    }
}
