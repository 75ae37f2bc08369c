import NIOCore
import NIOHTTP1

/// Shows the parts of the application's responses to the connection before they are encoded.
final class ResponseObserver: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) {
        self.connection = connection
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        connection.write(unwrapOutboundIn(data), data, promise, context)
    }
}
