/// What a connection that listens does with what it hears (Redis publish/subscribe, at most once delivery).
package struct RedisSubscription: Sendable {
    package var channels: [String]
    /// Called on the connection's event loop with each message of the channels.
    package var onMessage: @Sendable ([UInt8]) -> Void
    /// Called on the event loop whenever listening has begun, at first and after every loss of the connection: messages
    /// sent in between are gone, so that whoever waits for one has to look for itself.
    package var onListening: @Sendable () -> Void

    package init(
        channels: [String], onMessage: @escaping @Sendable ([UInt8]) -> Void,
        onListening: @escaping @Sendable () -> Void
    ) {
        self.channels = channels
        self.onMessage = onMessage
        self.onListening = onListening
    }
}
