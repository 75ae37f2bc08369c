import ServiceLifecycle

/// Ends the streams of the overview when the shutdown begins, before the server closes their connections.
struct OverviewFeedService: Service {
    let feed: OverviewFeed

    func run() async throws {
        try? await gracefulShutdown()
        await feed.close()
    }
}
