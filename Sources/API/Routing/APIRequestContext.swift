import Hummingbird
import Logging

/// The context of one request: path parameters, logger and id.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) {
        coreContext = .init(source: source)
    }

    /// The request's id, as in the header `X-Request-Id` and in the logs. A log handler without metadata has no id; then
    /// the id is random.
    var requestID: String {
        logger[metadataKey: "hb.request.id"].map { "\($0)" } ?? String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
}
