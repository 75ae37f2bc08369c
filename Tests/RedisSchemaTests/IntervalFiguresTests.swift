import RedisClient
import Testing

@testable import RedisSchema

@Suite struct IntervalFiguresTests {
    private func figures(_ accepted: Int, soldOut: Int = 0, depth: Int? = nil) -> IntervalFigures {
        var figures = IntervalFigures()
        figures.accepted = accepted
        if soldOut > 0 { figures.refused["sold-out"] = soldOut }
        figures.depth = depth
        return figures
    }

    private func hash(_ fields: [(name: String, value: Int)]) -> [String] {
        fields.flatMap { [$0.name, String($0.value)] }
    }

    @Test func theHashHasTheSumOfAllProcesses() {
        var first = figures(3, soldOut: 2, depth: 7)
        first.refused["all-held"] = 1
        first.failed = 4
        first.replayed = 5
        first.oldestAge = 20
        let fields = first.fields(of: "a") + figures(10, soldOut: 1, depth: 2).fields(of: "b")
        var sum = first
        sum.add(figures(10, soldOut: 1, depth: 2))
        #expect(IntervalFigures(hash: hash(fields)) == sum)
        #expect(sum.accepted == 13)
        #expect(sum.refused == ["sold-out": 3, "all-held": 1])
        #expect(sum.depth == 7)
    }

    @Test func whatIsZeroHasNoField() {
        #expect(IntervalFigures().fields(of: "a").isEmpty)
        #expect(figures(1).fields(of: "a").map(\.name) == ["a:accepted"])
        #expect(figures(0, depth: 0).isQuiet)
        #expect(!figures(0, depth: 1).isQuiet)
        #expect(!figures(1).isQuiet)
    }

    @Test func fieldsOfOtherReleasesAreIgnored() {
        #expect(IntervalFigures(hash: ["a:later", "1", "a:accepted", "x", "odd"]) == IntervalFigures())
        #expect(IntervalFigures(hash: []) == IntervalFigures())
    }

    @Test func allIntervalsAreInTheSlotOfThePartitionButNotAmongItsKeys() {
        for keys in Partitioning(count: 4, inCluster: true).all + [Keyspace(partition: 0)] {
            let key = keys.figures(ofInterval: 357_500_000)
            #expect(HashSlot(ofKey: key) == keys.slot)
            #expect(key.hasPrefix("tb:"))
            #expect(!key.hasPrefix(keys.everything.dropLast()))
        }
    }
}
