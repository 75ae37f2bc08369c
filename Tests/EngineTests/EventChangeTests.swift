import Testing

@testable import Domain
@testable import Engine

@Suite struct EventChangeTests {
    @Test func aChangeKeepsTheFieldsThatItDoesNotContain() throws {
        let present = EventTerms(
            name: "n", capacity: 5, maxQuantity: 3, opensAt: Timestamp(milliseconds: 1), paused: true)
        let id = try #require(EventID("e"))
        #expect(try EventChange().applied(to: present, of: id) == present)
        #expect(try EventChange(opensAt: .some(nil)).applied(to: present, of: id).opensAt == nil)
        #expect(try EventChange(capacity: 9).applied(to: present, of: id).capacity == 9)
        #expect(try EventChange(capacity: 9).applied(to: nil, of: id).name == "e")
        let limited = try EventChange(customerLimit: 4, holdSeconds: 60).applied(to: present, of: id)
        #expect(limited.customerLimit == 4)
        #expect(limited.holdSeconds == 60)
        #expect(try EventChange(paused: false).applied(to: limited, of: id).holdSeconds == 60)
        #expect(try EventChange(customerLimit: .some(nil)).applied(to: limited, of: id).customerLimit == nil)
    }

    @Test func invalidChangesAreRefused() throws {
        let id = try #require(EventID("e"))
        #expect(throws: CatalogueError.invalid(field: "capacity", "a new event needs a capacity")) {
            try EventChange(name: "n").applied(to: nil, of: id)
        }
        let times = EventChange(
            capacity: 1, opensAt: Timestamp(milliseconds: 5), closesAt: Timestamp(milliseconds: 5))
        #expect(throws: CatalogueError.invalid(field: "closes_at", "the event must close after it opens")) {
            try times.applied(to: nil, of: id)
        }
    }
}
