import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The channel of a client: the HTTP decoder, the ``ConnectionHandler``, and, from the first request that the connection
/// does not answer itself, the application. A connection that only buys and reads orders never has the application's
/// handlers, buffers and streams.
struct SaleChannel: HTTPChannelHandler {
    struct Connection: ServerChildChannelValue {
        let channel: any Channel
        /// The channel as the application uses it; nil if the connection has closed before it needed the application.
        let application: EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>?>
    }

    /// Limits of a request head; docs/operations.md gives the reasons.
    private static let headerLimit = 16 * 1024
    private static let headerFieldLimit = 64

    let responder: Responder
    let services: ConnectionServices
    /// Nil: the application responds to all requests.
    let responders: DirectResponders?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            let application = channel.eventLoop.makePromise(
                of: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>?.self)
            try Self.addHandlers(
                to: channel, services, responder: responders?.current, headerLimit: Self.headerLimit
            ) {
                application.succeed(
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                )
            }
            channel.closeFuture.whenComplete { _ in application.succeed(nil) }
            return Connection(channel: channel, application: application.futureResult)
        }
    }

    /// Adds the handlers of a connection to a channel, on its event loop.
    ///
    /// - Parameter addApplication: adds the application behind the HTTP codec.
    static func addHandlers(
        to channel: any Channel, _ services: ConnectionServices, responder: (any DirectResponding)?,
        headerLimit: Int, addApplication: @escaping () throws -> Void
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = headerLimit
        decoderLimits.maxHeaderListSize = headerLimit
        decoderLimits.maxHeaderFieldCount = headerFieldLimit
        let decoder = RequestDecoder(limits: decoderLimits)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        let connection = ConnectionHandler(services, responder: responder, decoder: decoder)
        connection.addApplication = { [unowned connection] in
            try pipeline.addHandlers(
                HTTPResponseEncoder(), ResponseObserver(connection), HTTP1ToHTTPServerCodec(secure: false))
            try addApplication()
        }
        try pipeline.addHandler(connection)
    }

    func handle(value: Connection, logger: Logger) async {
        let channel = try? await withTaskCancellationHandler {
            try await value.application.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
        if let channel { await handleHTTP(asyncChannel: channel, logger: logger) }
    }
}
