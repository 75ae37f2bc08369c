import ServiceLifecycle

/// Ends long responses when the shutdown begins, before the server closes their connections.
struct LongResponsesService: Service {
    let responses: LongResponses

    func run() async throws {
        try? await gracefulShutdown()
        await responses.close()
    }
}
