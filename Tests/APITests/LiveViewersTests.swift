import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import API

/// The viewers of one event loop, whose clock a test moves.
@Suite struct LiveViewersTests {
    private final class Sink: LiveSink {
        var takesMore = true
        var messages: [String] = []
        var comments = 0
        var ended: Bool?
        var isCutOff = false

        func send(_ message: LiveMessage) {
            if message == .comment { comments += 1 } else { messages.append(String(buffer: message.text)) }
        }
        func end(reconnects: Bool) { ended = reconnects }
        func cutOff() { isCutOff = true }
    }

    /// The orders that are watched, and what reading them says.
    private final class Orders: Sendable {
        let changes = NIOLockedValueBox<[OrderID: @Sendable () -> Void]>([:])

        func change(_ id: OrderID) { changes.withLockedValue { $0[id] }?() }
    }

    private let eventLoop = EmbeddedEventLoop()
    private let orders = Orders()
    private let viewers: LiveViewers
    private final class Checks {
        var waiting: [(OrderCheck) -> Void] = []
    }
    private let waitingChecks = Checks()

    init() throws {
        let views = EventViews { ids, deliver in
            deliver(Dictionary(uniqueKeysWithValues: ids.map { ($0, .failure(GaveUp(description: "no store"))) }))
        }
        let feed = LiveFeed(views, EventsOnSale(views) { [] })
        let observer = OrderObserver(
            watch: { [orders] id, onChange in
                orders.changes.withLockedValue { $0[id] = onChange }
                return { orders.changes.withLockedValue { $0[id] = nil } }
            }, isClosed: { false }, isSettled: { _ in true })
        viewers = LiveViewers(feed, orders: observer, timeLimit: .seconds(30), on: eventLoop) {
            [waitingChecks] _, completion in
            waitingChecks.waiting.append(completion)
        }
    }

    private func begin(_ name: String = "a", _ sink: Sink) throws -> LiveViewer {
        let start = LiveStart(subject: .event(try #require(EventID(name))), sentID: "0", sentNumber: 0)
        return try #require(viewers.begin(start, sink))
    }

    private func publish(_ number: Int, of name: String = "a", over spread: TimeAmount = .milliseconds(200)) throws {
        let update = LiveUpdate(number: number, id: "\(number)", whole: LiveMessage(ByteBuffer(string: "\(number)")))
        viewers.publish([(.event(try #require(EventID(name))), update)], over: spread)
    }

    @Test func eachViewerOfASubjectGetsAnUpdateOnce() throws {
        let sinks = (0..<3).map { _ in Sink() }
        _ = try begin("a", sinks[0])
        _ = try begin("a", sinks[1])
        _ = try begin("b", sinks[2])
        try publish(1)
        try publish(1)
        eventLoop.advanceTime(by: .seconds(1))
        #expect(sinks.map(\.messages) == [["1"], ["1"], []])
    }

    @Test func anOlderUpdateIsNotSent() throws {
        let sink = Sink()
        _ = try begin("a", sink)
        try publish(5)
        try publish(4)
        eventLoop.advanceTime(by: .seconds(1))
        #expect(sink.messages == ["5"])
    }

    @Test func aViewerThatHasLeftGetsNothing() throws {
        let sinks = (0..<4).map { _ in Sink() }
        let all = try sinks.map { try begin("a", $0) }
        viewers.end(all[1])
        viewers.end(all[1])
        try publish(1)
        eventLoop.advanceTime(by: .seconds(1))
        #expect(sinks.map(\.messages.count) == [1, 0, 1, 1])
        #expect(viewers.count == 3)
    }

    @Test func manyMessagesAreSpread() throws {
        let sinks = (0..<500).map { _ in Sink() }
        for sink in sinks { _ = try begin("a", sink) }
        try publish(1, over: .milliseconds(400))
        func reached() -> Int { sinks.count { !$0.messages.isEmpty } }
        #expect(reached() == 50)
        eventLoop.advanceTime(by: .milliseconds(200))
        #expect((200...300).contains(reached()))
        eventLoop.advanceTime(by: .milliseconds(200))
        #expect(reached() == 500)
    }

    /// Viewers come and go while an update is being sent; nobody is left out.
    @Test func aViewerThatLeavesDoesNotHideAnother() throws {
        let sinks = (0..<500).map { _ in Sink() }
        let all = try sinks.map { try begin("a", $0) }
        try publish(1, over: .milliseconds(400))
        for index in stride(from: 0, to: 500, by: 3) {
            viewers.end(all[index])
            eventLoop.advanceTime(by: .milliseconds(1))
        }
        eventLoop.advanceTime(by: .milliseconds(400))
        for index in 0..<500 where index % 3 != 0 { #expect(sinks[index].messages == ["1"]) }
    }

    @Test func aViewerThatLagsGetsTheNewestStateOnly() throws {
        let sink = Sink()
        _ = try begin("a", sink)
        sink.takesMore = false
        for number in 1...20 {
            try publish(number)
            eventLoop.advanceTime(by: .milliseconds(250))
        }
        #expect(sink.messages.isEmpty)
        sink.takesMore = true
        eventLoop.advanceTime(by: .milliseconds(200))
        #expect(sink.messages == ["20"])
        #expect(!sink.isCutOff)
    }

    @Test func aViewerThatTakesNothingIsCutOff() throws {
        let sinks = [Sink(), Sink()]
        for sink in sinks { _ = try begin("a", sink) }
        sinks[0].takesMore = false
        try publish(1)
        eventLoop.advanceTime(by: .seconds(29))
        #expect(!sinks[0].isCutOff)
        eventLoop.advanceTime(by: .seconds(2))
        #expect(sinks.map(\.isCutOff) == [true, false])
    }

    /// Also if nothing changes: comments are sent too.
    @Test func aViewerOfAQuietSubjectIsCutOff() throws {
        let sink = Sink()
        _ = try begin("a", sink)
        sink.takesMore = false
        eventLoop.advanceTime(by: .seconds(46))
        #expect(sink.isCutOff)
    }

    @Test func eachViewerGetsACommentEvery15Seconds() throws {
        let sinks = (0..<100).map { _ in Sink() }
        for sink in sinks { _ = try begin("a", sink) }
        for times in 1...4 {
            eventLoop.advanceTime(by: .seconds(15))
            #expect(sinks.allSatisfy { $0.comments == times })
        }
        #expect(sinks.allSatisfy { $0.messages.isEmpty })
    }

    @Test func theEndOfAnEventIsTheEndOfItsStreams() throws {
        let sinks = [Sink(), Sink()]
        _ = try begin("a", sinks[0])
        _ = try begin("b", sinks[1])
        let id = try #require(EventID("a"))
        viewers.endAll(of: .event(id), with: LiveUpdate.deleted(id))
        #expect(sinks.map(\.ended) == [false, nil])
        #expect(sinks[0].messages == ["event: deleted\ndata: {\"id\":\"a\"}\n\n"])
    }

    @Test func theShutdownEndsAll() throws {
        let sink = Sink()
        _ = try begin("a", sink)
        viewers.close()
        #expect(sink.ended == true)
        let start = LiveStart(subject: .eventsOnSale, sentID: "", sentNumber: 0)
        #expect(viewers.begin(start, Sink()) == nil)
    }

    // MARK: Orders

    private func order(_ state: OrderState) throws -> Order {
        Order(
            id: try #require(OrderID("01a20a22-c03b-7000-8d33-ead0f94fdaf4")), event: .demo, quantity: 1, state: state,
            claimedAt: Timestamp(milliseconds: 0))
    }

    private func read(_ check: OrderCheck) {
        let due = waitingChecks.waiting
        waitingChecks.waiting = []
        for completion in due { completion(check) }
        eventLoop.run()
    }

    /// A viewer of an order that was held when the stream began.
    private func beginOrder(_ sink: Sink) throws -> LiveViewer {
        let held = LiveUpdate(try order(.held), number: 0)
        let start = LiveStart(subject: .order(try order(.held).id), sentID: held.id, sentNumber: 0)
        return try #require(viewers.begin(start, sink))
    }

    @Test func anOrderIsReadWhenTheStreamBeginsAndWhenItMayHaveChanged() throws {
        let sink = Sink()
        let viewer = try beginOrder(sink)
        read(.present(try order(.held)))
        #expect(sink.messages.isEmpty, "the client has this state")
        #expect(waitingChecks.waiting.isEmpty)
        orders.change(try order(.held).id)
        eventLoop.run()
        #expect(waitingChecks.waiting.count == 1)
        read(.present(try order(.confirmed)))
        #expect(sink.messages.count == 1)
        #expect(sink.messages[0].contains("\"status\":\"confirmed\""))
        #expect(sink.ended == false)
        viewers.end(viewer)
        #expect(orders.changes.withLockedValue { $0.isEmpty }, "the watch has ended")
    }

    @Test func aChangeDuringAReadingLeadsToAnother() throws {
        let sink = Sink()
        _ = try beginOrder(sink)
        orders.change(try order(.held).id)
        eventLoop.run()
        read(.present(try order(.held)))
        #expect(waitingChecks.waiting.count == 1)
        read(.present(try order(.cancelled)))
        #expect(sink.ended == false)
    }

    @Test func theLastStateIsSentToAViewerThatLags() throws {
        let sink = Sink()
        _ = try beginOrder(sink)
        sink.takesMore = false
        read(.present(try order(.confirmed)))
        #expect(sink.ended == nil)
        sink.takesMore = true
        eventLoop.advanceTime(by: .milliseconds(200))
        #expect(sink.messages.count == 1)
        #expect(sink.ended == false)
    }

    @Test func aFailureOfAStoreIsWaitedFor() throws {
        let sink = Sink()
        _ = try beginOrder(sink)
        read(.unknown)
        #expect(sink.ended == nil)
        eventLoop.advanceTime(by: .seconds(1))
        read(.present(try order(.rejected)))
        #expect(sink.messages.count == 1)
    }

    @Test func anOrderThatIsGoneEndsTheStream() throws {
        let sink = Sink()
        _ = try beginOrder(sink)
        read(.absent)
        #expect(sink.ended == false)
    }
}
