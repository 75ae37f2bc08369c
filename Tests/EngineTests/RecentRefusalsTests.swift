import Domain
import NIOCore
import Testing

@testable import Engine

@Suite struct RecentRefusalsTests {
    private func purchase(_ quantity: Int = 1, customer: String? = nil, isKeyed: Bool = false) -> Purchase {
        let id = OrderID(at: Timestamp(milliseconds: 5), partition: 0, keyHash: isKeyed ? 7 : nil)
        return Purchase(id: id, event: .demo, quantity: quantity, customer: customer)
    }

    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000) }

    private func refused(_ refusal: Refusal, _ purchase: Purchase) -> RecentRefusals {
        var refusals = RecentRefusals()
        refusals.note(.refused(refusal), of: purchase, sentAt: at(0))
        return refusals
    }

    @Test(arguments: [Refusal.soldOut, .closed, .paused]) func aRefusalIsRepeated(refusal: Refusal) {
        var refusals = refused(refusal, purchase())
        #expect(refusals.refusal(of: purchase(), at: at(19)) == refusal)
    }

    @Test(arguments: [
        Refusal.recovering, .queueFull, .insufficientStock(available: 1), .customerLimit(2, available: 0),
        .allHeld(until: Timestamp(milliseconds: 9), now: Timestamp(milliseconds: 5)), .eventUnknown,
    ])
    func aRefusalThatCanDifferIsNotRepeated(refusal: Refusal) {
        var refusals = refused(refusal, purchase())
        #expect(refusals.refusal(of: purchase(), at: at(1)) == nil)
    }

    @Test func aRefusalEndsAfter50Milliseconds() {
        var refusals = refused(.soldOut, purchase())
        #expect(refusals.refusal(of: purchase(), at: at(50)) == nil)
    }

    @Test func oneClaimGoesToRedisNowAndThen() {
        var refusals = refused(.soldOut, purchase())
        #expect(refusals.refusal(of: purchase(), at: at(20)) == nil)
        #expect(refusals.refusal(of: purchase(), at: at(21)) == .soldOut)
    }

    @Test func aClaimWithAnIdempotencyKeyGoesToRedis() {
        var refusals = refused(.soldOut, purchase())
        #expect(refusals.refusal(of: purchase(isKeyed: true), at: at(1)) == nil)
    }

    @Test func aClaimThatCanBeRefusedForAnotherReasonGoesToRedis() {
        var refusals = refused(.soldOut, purchase(2))
        #expect(refusals.refusal(of: purchase(3), at: at(1)) == nil)
        #expect(refusals.refusal(of: purchase(1, customer: "c"), at: at(1)) == nil)
        #expect(refusals.refusal(of: purchase(1), at: at(1)) == .soldOut)
    }

    @Test func anAcceptedClaimEndsTheRefusal() {
        var refusals = refused(.soldOut, purchase())
        refusals.note(.accepted(Acceptance(order: purchase().id)), of: purchase(), sentAt: at(1))
        #expect(refusals.refusal(of: purchase(), at: at(2)) == nil)
    }
}
