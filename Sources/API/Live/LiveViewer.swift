import NIOCore

/// Where the messages of a stream go. Used on its event loop only.
protocol LiveSink: AnyObject {
    /// Whether the client has taken what was sent before, as far as this process knows. While it has not, nothing more is
    /// sent, so that a client that does not read costs no memory.
    var takesMore: Bool { get }
    func send(_ message: LiveMessage)
    /// Ends the stream.
    ///
    /// - Parameter reconnects: whether the client is told to connect again in a few seconds.
    func end(reconnects: Bool)
    /// Ends the connection: the client does not read.
    func cutOff()
}

/// A client that watches something. Used on its event loop only.
final class LiveViewer {
    let subject: LiveSubject
    let sink: any LiveSink
    let group: LiveGroup
    /// The tenth of a second, of the interval of comments, in which it gets them.
    let slot: Int
    /// The update that it was sent last.
    var sentID: String
    var sentNumber: Int
    /// Whether an update is to be sent to it.
    var isDue = false
    /// Whether the update that is sent next is the last one.
    var isComplete = false
    /// Since when it has not taken what was sent; nil if it has.
    var lagsSince: NIODeadline?
    var isWatching = true
    var order: OrderCheckState?
    /// Its positions among all viewers of the event loop and among those of its group.
    var position = 0
    var groupPosition = 0

    init(_ start: LiveStart, sink: any LiveSink, group: LiveGroup, slot: Int) {
        subject = start.subject
        self.sink = sink
        self.group = group
        self.slot = slot
        sentID = start.sentID
        sentNumber = start.sentNumber
    }

    /// How the order that the viewer watches is read.
    struct OrderCheckState {
        var endWatch: (@Sendable () -> Void)?
        var isRunning = false
        /// Whether the order may have changed since the reading began.
        var isOutdated = false
    }
}

/// The viewers of one event loop that watch the same. Used on its event loop only.
final class LiveGroup {
    /// The newest state; nil if none has been published since the group exists.
    var update: LiveUpdate?
    var viewers: [LiveViewer] = []

    init(_ update: LiveUpdate?) { self.update = update }
}

/// The beginning of a stream: what is sent with the head of its response.
struct LiveStart: Hashable, Sendable {
    let subject: LiveSubject
    /// The update of the first message.
    let sentID: String
    let sentNumber: Int
    /// Nil if the client has it already.
    var first: LiveMessage?
    /// Whether the first message is the last one.
    var isComplete = false
}
