import Hummingbird
import Logging

/// What is known of a request besides itself.
struct SaleContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) {
        coreContext = .init(source: source)
    }

    /// What the request is called in the answer and in the logs. A log handler that keeps no metadata has no name for it.
    var requestID: String {
        logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
}
