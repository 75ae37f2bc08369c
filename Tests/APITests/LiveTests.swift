import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// What streams send, and how often, without a server.
@Suite struct LiveTests {
    private func id(_ name: String) throws -> EventID { try #require(EventID(name)) }

    private func view(_ name: String, _ available: Int, _ status: EventStatus = .open) throws -> EventView {
        EventView(
            EventReport(
                id: try id(name), terms: EventTerms(name: name, capacity: 100), available: available, held: 0,
                pending: 0,
                sold: 0, status: status))
    }

    private func text(_ message: LiveMessage) -> String { String(buffer: message.text) }

    // MARK: The pace

    @Test(
        arguments: [
            (1, 1, 250), (2_500, 1, 250), (5_000, 1, 500), (10_000, 1, 1000), (40_000, 1, 4000), (10, 1_000, 250),
            (10, 4_000, 1000),
        ] as [(Int, Int, Int64)])
    func moreViewersGetFewerUpdates(viewers: Int, events: Int, milliseconds: Int64) {
        #expect(LivePace.interval(viewers: viewers, events: events) == .milliseconds(milliseconds))
    }

    // MARK: Requests

    @Test(arguments: [
        "/live", "/live?x=1", "/events/demo/live", "/events/live/live",
        "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4/live",
    ])
    func aStreamIsRequested(path: String) {
        #expect(LiveRequest(.get(path)) != nil)
        #expect(DirectRequest(HTTPRequestHead(version: .http1_0, method: .GET, uri: path)) != nil)
        #expect(LiveRequest(.post(path)) == nil)
        #expect(LiveRequest(HTTPRequestHead(version: .http1_1, method: .HEAD, uri: path)) != nil)
    }

    @Test(arguments: [
        "/live/x", "/events/live", "/x/live", "/events/demo/x/live", "/orders/1/live", "/events/a%20b/live", "/xlive",
        "/events//live", "/orders//live", "?/live", "/events/demo?/live",
    ])
    func otherPathsAreNotStreams(path: String) { #expect(LiveRequest(.get(path)) == nil) }

    @Test func theLastIDIsBounded() {
        #expect(LiveRequest(.get("/live", headers: ["last-event-id": "abc"]))?.lastID == "abc")
        #expect(LiveRequest(.get("/live", headers: ["last-event-id": ""]))?.lastID == nil)
        let long = String(repeating: "x", count: 65)
        #expect(LiveRequest(.get("/live", headers: ["last-event-id": long]))?.lastID == nil)
    }

    // MARK: Messages

    @Test func aMessageIsOneChunk() {
        let message = LiveMessage(ByteBuffer(string: "data: 0123456789\n\n"))
        #expect(String(buffer: message.chunk) == "12\r\ndata: 0123456789\n\n\r\n")
    }

    @Test func aClientThatHasTheStateIsNotSentItAgain() throws {
        let first = LiveFirst(update: LiveUpdate(try view("a", 5)))
        let request = LiveRequest(.event(try id("a")), lastID: first.update.id)
        let known = APIResponse(.success(first), to: request)
        #expect(known.live?.first == nil)
        #expect(known.live?.sentID == first.update.id)
        let other = APIResponse(.success(first), to: LiveRequest(request.subject, lastID: "x"))
        #expect(other.live?.first.map { text($0) }?.hasPrefix("id: \(first.update.id)\ndata: {\"id\":\"a\"") == true)
        var last = first
        last.isComplete = true
        #expect(APIResponse(.success(last), to: request).status == .noContent)
        #expect(APIResponse(.success(last), to: LiveRequest(request.subject, lastID: nil)).live?.isComplete == true)
    }

    // MARK: The events on sale

    @Test func aListBeginsWithAllEventsAndGoesOnWithWhatChanges() throws {
        var list = LiveList()
        let ids = [try id("a"), try id("b")]
        var found = [ids[0]: try view("a", 5), ids[1]: try view("b", 6)]
        let first = list.update(ids, found, after: nil)
        let parts = text(first.whole).components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(parts.count == 3)
        #expect(parts[0] == "event: list\ndata: {\"events\":[\"a\",\"b\"]}")
        #expect(parts[1].hasPrefix("data: {\"id\":\"a\""))
        #expect(parts[2].hasPrefix("id: \(first.id)\ndata: {\"id\":\"b\""), "only the last one has the id")

        #expect(list.update(ids, found, after: first).number == first.number, "nothing has changed")
        found[ids[1]] = try view("b", 5)
        let second = list.update(ids, found, after: first)
        #expect(second.number == first.number + 1)
        #expect(second.id != first.id)
        let change = text(second.message(after: first.id))
        #expect(change.hasPrefix("id: \(second.id)\ndata: {\"id\":\"b\""))
        #expect(!change.contains("list"))
        #expect(text(second.message(after: "another")) == text(second.whole))
    }

    @Test func theListIsSentWhenAnEventComesOrGoes() throws {
        var list = LiveList()
        let (a, b) = (try id("a"), try id("b"))
        let first = list.update([a], [a: try view("a", 1)], after: nil)
        let known = try view("a", 1)
        let second = list.update([a, b], [a: known, b: try view("b", 2)], after: first)
        let came = text(second.message(after: first.id))
        #expect(came.contains("{\"events\":[\"a\",\"b\"]}"))
        #expect(came.contains("{\"id\":\"b\""))
        #expect(!came.contains("{\"id\":\"a\""))
        let third = list.update([b], [a: try view("a", 1, .closed), b: try view("b", 2)], after: second)
        let went = text(third.message(after: second.id))
        #expect(went.contains("{\"events\":[\"b\"]}"))
        #expect(went.contains("\"status\":\"closed\""), "its last state")
        let fourth = list.update([], [:], after: third)
        #expect(text(fourth.message(after: third.id)) == "id: \(fourth.id)\nevent: list\ndata: {\"events\":[]}\n\n")
    }

    /// Processes give the same states the same ids, so that a client can connect to another one.
    @Test func theIDIsThatOfTheState() throws {
        var (one, other) = (LiveList(), LiveList())
        let a = try id("a")
        let first = one.update([a], [a: try view("a", 1)], after: nil)
        _ = other.update([a], [a: try view("a", 2)], after: nil)
        let second = other.update([a], [a: try view("a", 1)], after: first)
        #expect(first.id == second.id)
    }
}
