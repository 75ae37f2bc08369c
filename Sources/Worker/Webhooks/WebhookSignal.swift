/// Tells the deliveries that the ledger has new changes, so that they do not wait for their next look.
struct WebhookSignal: Sendable {
    let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    func raise() { continuation.yield() }
}
