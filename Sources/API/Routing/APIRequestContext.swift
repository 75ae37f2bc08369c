import Hummingbird
import NIOCore
import Runtime

/// The context of one request: path parameters, logger and id.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The request's id, as in the header `X-Request-Id` and in the logs.
    var requestID = RequestID()
    /// The address that the connection comes from; nil if it has none.
    let peer: IPAddress?
    /// The connection.
    let channel: any Channel

    init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
        peer = source.channel.remoteAddress.flatMap { IPAddress($0) }
    }
}
