import Hummingbird

/// The context of one request: path parameters, logger and id.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The request's id, as in the header `X-Request-Id` and in the logs.
    let requestID = RequestID()

    init(source: Source) {
        coreContext = .init(source: source)
    }
}
