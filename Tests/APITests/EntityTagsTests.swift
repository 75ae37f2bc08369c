import Testing

@testable import API
@testable import Domain

@Suite struct EntityTagsTests {
    private static func tag(_ text: String, weak: Bool = false) -> EntityTags.Listed { .init(text: text, isWeak: weak) }

    @Test(arguments: [
        ("*", EntityTags.any), (" * ", .any), (#""a""#, .listed([tag("a")])), (#""""#, .listed([tag("")])),
        (#"W/"a", "b""#, .listed([tag("a", weak: true), tag("b")])),
        (#" , "a" ,,"b","#, .listed([tag("a"), tag("b")])), (#""a,b""#, .listed([tag("a,b")])),
        (#""\""#, .listed([tag(#"\"#)])),
    ])
    func validHeadersAreRead(text: String, tags: EntityTags) {
        #expect(EntityTags(text) == tags)
    }

    @Test(arguments: [
        "", ",", "a", #""a"#, #"a""#, #"w/"a""#, #"W/ "a""#, #""a" "b""#, #"*, "a""#, #""a b""#, "**", #""a"b"#,
    ])
    func otherHeadersAreNot(text: String) {
        #expect(EntityTags(text) == nil)
    }

    @Test func theTagNamesEveryTermAndEveryCounter() {
        var terms = EventTerms(name: "a", capacity: 1)
        func report(_ change: (inout EventReport) -> Void = { _ in }) -> EventReport {
            var report = EventReport(
                id: .demo, terms: terms, available: 1, held: 0, pending: 0, sold: 0, status: .open)
            change(&report)
            return report
        }
        let first = EntityTag(report())
        let others: [(inout EventReport) -> Void] = [
            { $0.terms.name = "b" }, { $0.terms.capacity = 2 }, { $0.terms.maxQuantity = 9 },
            { $0.terms.customerLimit = 1 }, { $0.terms.holdSeconds = 1 },
            { $0.terms.opensAt = Timestamp(milliseconds: 1) }, { $0.terms.closesAt = Timestamp(milliseconds: 1) },
            { $0.terms.paused = true }, { $0.terms.isArchived = true },
        ]
        for (number, change) in others.enumerated() {
            #expect(EntityTag(report(change)).terms != first.terms, "term \(number)")
        }
        let counters: [(inout EventReport) -> Void] = [
            { $0.available = 0 }, { $0.held = 1 }, { $0.pending = 1 }, { $0.sold = 1 }, { $0.status = .closed },
        ]
        for (number, change) in counters.enumerated() {
            let tag = EntityTag(report(change))
            #expect(tag.terms == first.terms, "counter \(number)")
            #expect(tag != first, "counter \(number)")
        }
        #expect(EntityTags(first.description)?.contain(terms: terms, weakly: false) == true)
        #expect(EntityTags("W/" + first.description)?.contain(terms: terms, weakly: false) == false)
        terms.name = "c"
        #expect(EntityTags(first.description)?.contain(terms: terms, weakly: false) == false)
    }
}
