import Foundation
import Testing

@testable import Domain
@testable import Ledger

@Suite struct AuditDetailsTests {
    @Test func detailsAreAJSONObjectInTheirOrder() throws {
        var details = AuditDetails()
        details["name"] = .text("a\"b\\c\u{1}\n\u{7f}ü\u{1F600}/")
        details["capacity"] = .number(-5)
        details["paused"] = .flag(true)
        details["opens_at"] = .time(Timestamp(milliseconds: 1_769_860_800_007))
        let text = try #require(details.postgresText)
        #expect(text.hasPrefix(#"{"name":"a\"b\\c\u0001\u000a"#))
        #expect(text.hasSuffix(#","capacity":-5,"paused":true,"opens_at":"2026-01-31T12:00:00.007Z"}"#))
        let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        #expect(read?["name"] as? String == "a\"b\\c\u{1}\n\u{7f}ü\u{1F600}/")
        #expect(AuditDetails().postgresText == "{}")
    }

    @Test func aDifferenceHasTheMembersThatDiffer() {
        let terms = EventTerms(name: "e", capacity: 10, customerLimit: 4, opensAt: Timestamp(milliseconds: 1000))
        var changed = terms
        #expect(AuditDetails(terms).without(AuditDetails(changed)).members.isEmpty)
        changed.customerLimit = nil
        changed.holdSeconds = 60
        changed.opensAt = Timestamp(milliseconds: 2000)
        let before = AuditDetails(terms).without(AuditDetails(changed))
        let after = AuditDetails(changed).without(AuditDetails(terms))
        #expect(before.postgresText == #"{"per_customer_limit":4,"opens_at":"1970-01-01T00:00:01.000Z"}"#)
        #expect(after.postgresText == #"{"hold_seconds":60,"opens_at":"1970-01-01T00:00:02.000Z"}"#)
    }

    /// Each term, so that no new one is forgotten.
    @Test func everyTermIsInTheDetails() {
        let terms = EventTerms(
            name: "e", capacity: 1, maxQuantity: 2, customerLimit: 3, holdSeconds: 4, maxOrders: 5, maxHolds: 6,
            holdPauseSeconds: 7, hasWaitlist: true, offerSeconds: 10, admissionRate: 1, passSeconds: 60,
            lobbyOpensAt: Timestamp(milliseconds: 7),
            opensAt: Timestamp(milliseconds: 8), closesAt: Timestamp(milliseconds: 9),
            paused: true,
            isArchived: true)
        #expect(AuditDetails(terms).members.count == Mirror(reflecting: terms).children.count)
    }
}
