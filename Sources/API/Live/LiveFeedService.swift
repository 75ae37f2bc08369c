import ServiceLifecycle

/// Ends the streams when the shutdown begins, before the server closes their connections.
struct LiveFeedService: Service {
    let feed: LiveFeed

    func run() async throws {
        try? await gracefulShutdown()
        await feed.close()
    }
}
