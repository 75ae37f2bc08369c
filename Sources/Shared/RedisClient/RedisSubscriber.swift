import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// Receives the messages of sharded channels (`SPUBLISH`). Each channel is subscribed to on the primary of its slot: the
/// subscription follows failovers and slots that move.
///
/// A message is delivered at most once. ``RedisSubscription/onListening`` is called each time a subscription begins.
package final class RedisSubscriber: Sendable {
    private struct Connections {
        var plan = SubscriptionPlan()
        var open: [RedisURL.Address: RedisConnection] = [:]
        var isClosed = false
    }

    private let client: RedisClient
    private let subscription: RedisSubscription
    private let eventLoop: any EventLoop
    private let connections = NIOLockedValueBox(Connections())
    private let logger: Logger

    /// Starts to subscribe, without waiting for the servers.
    ///
    /// - Parameters:
    ///   - client: tells which server has a channel. It must not be closed before the subscriber.
    ///   - eventLoop: where messages are received.
    package init(
        _ subscription: RedisSubscription, through client: RedisClient, on eventLoop: any EventLoop
    ) {
        self.client = client
        self.subscription = subscription
        self.eventLoop = eventLoop
        // The other connections of the client log that a server is unavailable. These would only repeat it.
        logger = Logger(label: "subscriber") { _ in SwiftLogNoOpLogHandler() }
        client.observeServers { [weak self] in self?.followServers() }
        followServers()
    }

    private func followServers() {
        eventLoop.execute { self.followServersOnLoop() }
    }

    private func followServersOnLoop() {
        let ended = connections.withLockedValue { connections -> [RedisConnection] in
            guard !connections.isClosed else { return [] }
            let change = connections.plan.follow(subscription.channels) { channel in
                client.address(of: HashSlot(ofKey: channel))
            }
            let ended = change.closes.compactMap { connections.open.removeValue(forKey: $0) }
            for (address, channels) in change.opens {
                connections.open[address] = .openOnLoop(
                    client.configuration(ofSubscriberAt: address, channels: channels, of: subscription),
                    on: eventLoop, logger: logger)
            }
            return ended
        }
        for connection in ended { connection.closeOnLoop() }
    }

    /// Ends all subscriptions.
    package func close() async {
        let ended = connections.withLockedValue { connections in
            connections.isClosed = true
            defer { connections.open = [:] }
            return Array(connections.open.values)
        }
        for connection in ended { await connection.close() }
    }
}

extension RedisClient {
    /// The configuration of a connection that receives the messages of some channels.
    fileprivate func configuration(
        ofSubscriberAt address: RedisURL.Address, channels: [String], of subscription: RedisSubscription
    ) -> RedisConfiguration {
        var configuration = configuration
        configuration.url = configuration.url.at(address)
        configuration.scripts = []
        configuration.subscription = subscription
        configuration.subscription?.channels = channels
        return configuration
    }
}
