import Testing

@testable import RedisClient

@Suite struct SubscriptionPlanTests {
    private let one = RedisURL.Address.tcp(host: "a", port: 1)
    private let two = RedisURL.Address.tcp(host: "b", port: 2)

    @Test func channelsOfOneServerShareAConnection() {
        var plan = SubscriptionPlan()
        let change = plan.follow(["x", "y", "z"]) { $0 == "z" ? two : one }
        #expect(change.opens == [one: ["x", "y"], two: ["z"]])
        #expect(change.closes == [])
    }

    @Test func nothingChangesIfTheServersAreTheSame() {
        var plan = SubscriptionPlan()
        _ = plan.follow(["x", "y"]) { _ in one }
        #expect(plan.follow(["x", "y"]) { _ in one } == SubscriptionPlan.Change())
    }

    @Test func bothConnectionsAreReplacedIfAChannelMoves() {
        var plan = SubscriptionPlan()
        _ = plan.follow(["x", "y", "z"]) { $0 == "z" ? two : one }
        let change = plan.follow(["x", "y", "z"]) { $0 == "x" ? one : two }
        #expect(Set(change.closes) == [one, two])
        #expect(change.opens == [one: ["x"], two: ["y", "z"]])
    }

    @Test func aServerWithoutChannelsHasNoConnection() {
        var plan = SubscriptionPlan()
        _ = plan.follow(["x"]) { _ in one }
        let change = plan.follow(["x"]) { _ in two }
        #expect(change.closes == [one])
        #expect(change.opens == [two: ["x"]])
    }

    @Test func aChannelWhoseServerIsUnknownIsSubscribedToNowhere() {
        var plan = SubscriptionPlan()
        #expect(plan.follow(["x"]) { _ in nil } == SubscriptionPlan.Change())
    }
}
