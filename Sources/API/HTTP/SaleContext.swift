import Hummingbird
import Logging
import NIOCore

/// What is known of a request besides itself.
struct SaleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// What the request is called in the answer and in the logs. A log handler that keeps no metadata has no name for it.
    var requestID: String {
        logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }

    /// Calls `action` when the client ends its side of the connection; nil takes the action away.
    func whenClientLeaves(_ action: (@Sendable () -> Void)?) async {
        try? await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.handler(type: RequestGuard.self).onClientLeft = action
        }.get()
    }
}
