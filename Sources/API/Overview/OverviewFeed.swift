import NIOCore
import Synchronization

/// Sends the overview to the clients that watch it: one reading and one encoding a second for all of them, and nothing while
/// there are none.
///
/// A client that has not taken a message gets none until it has, and then the newest. One that takes nothing for the time limit is
/// cut off.
actor OverviewFeed {
    /// A client that watches.
    final class Viewer: Sendable {
        fileprivate let place: LongResponses.Place
        fileprivate let continuation: AsyncStream<ByteBuffer>.Continuation
        /// Whether it has taken the last message, as far as this process knows.
        private let isTaken = Atomic(true)

        fileprivate init(_ place: LongResponses.Place, _ continuation: AsyncStream<ByteBuffer>.Continuation) {
            self.place = place
            self.continuation = continuation
        }

        /// Must be called when a message has been written.
        func taken() { isTaken.store(true, ordering: .relaxed) }

        /// - Returns: whether the message before has been taken.
        fileprivate func send(_ message: ByteBuffer) -> Bool {
            continuation.yield(message)
            return isTaken.exchange(false, ordering: .relaxed)
        }
    }

    /// At most as many clients as this process serves.
    nonisolated let places = LongResponses(limit: 50)

    private let read: @Sendable () async throws -> Overview
    private let timeLimit: Duration
    private let interval: Duration
    private var viewers: [ObjectIdentifier: (viewer: Viewer, lagsSince: ContinuousClock.Instant?)] = [:]
    private var isRunning = false
    private var isClosed = false

    /// - Parameters:
    ///   - timeLimit: for which a client may take nothing.
    ///   - interval: of the messages.
    ///   - read: the overview, at most a second old.
    init(
        timeLimit: Duration, interval: Duration = .seconds(1), read: @escaping @Sendable () async throws -> Overview
    ) {
        self.timeLimit = timeLimit
        self.interval = interval
        self.read = read
    }

    /// Adds a client. The stream has what follows its first message, and ends when the service stops.
    func begin(_ place: LongResponses.Place) -> (viewer: Viewer, messages: AsyncStream<ByteBuffer>) {
        let (messages, continuation) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(1))
        let viewer = Viewer(place, continuation)
        if isClosed {
            end(viewer)
        } else {
            viewers[ObjectIdentifier(viewer)] = (viewer, nil)
            if !isRunning {
                isRunning = true
                Task { await run() }
            }
        }
        return (viewer, messages)
    }

    func leave(_ viewer: Viewer) {
        viewers[ObjectIdentifier(viewer)] = nil
        viewer.continuation.finish()
    }

    /// Ends all streams. Returns when their ends have been written, or their connections are closed.
    func close() async {
        isClosed = true
        for (viewer, _) in viewers.values { end(viewer) }
        viewers = [:]
        await places.close()
    }

    /// Tells the client to connect again.
    private func end(_ viewer: Viewer) {
        viewer.continuation.yield(LiveMessage.retry(in: 1000...5000).text)
        viewer.continuation.finish()
    }

    private func run() async {
        defer { isRunning = false }
        while !viewers.isEmpty {
            try? await Task.sleep(for: interval)
            guard !viewers.isEmpty else { return }
            // While a store does not respond, comments tell the clients that the connection is alive.
            let overview = try? await read()
            send(overview.map { Self.message($0, newest: 2) } ?? LiveMessage.comment.text)
        }
    }

    private func send(_ message: ByteBuffer) {
        let now = ContinuousClock.now
        for (id, (viewer, lagsSince)) in viewers {
            if viewer.send(message) {
                viewers[id]?.lagsSince = nil
            } else if let lagsSince, now - lagsSince >= timeLimit {
                viewers[id] = nil
                ClientFault.tooSlow.count()
                viewer.continuation.finish()
                viewer.place.abort()
            } else if lagsSince == nil {
                viewers[id]?.lagsSince = now
            }
        }
    }

    /// A message of the stream.
    ///
    /// - Parameter newest: the number of samples; nil for all.
    static func message(_ overview: Overview, newest: Int? = nil) -> ByteBuffer {
        .serverSentEvent(overview.document(newest: newest), name: "overview")
    }
}
