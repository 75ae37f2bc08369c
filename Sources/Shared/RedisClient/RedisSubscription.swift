/// The channels of a connection that only subscribes (sharded publish/subscribe, at-most-once delivery).
package struct RedisSubscription: Sendable {
    package var channels: [String]
    /// Called on the connection's event loop with each message of the channels.
    package var onMessage: @Sendable ([UInt8]) -> Void
    /// Called on the event loop each time the subscription begins: at first, and after every loss of the connection.
    /// Messages that were sent in between are lost, so the subscriber must read the state that they announced.
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
