import NIOCore
import NIOHTTP1

/// Decodes requests with NIO's HTTP decoder, and continues after a request that asks for another protocol.
///
/// NIO's decoder stops after a request with `Upgrade` or with the method CONNECT, so that the bytes that follow can be
/// given to the other protocol. This server changes to no other protocol, and an upgrade that is not taken leaves an
/// HTTP/1.1 connection (RFC 9110, section 7.8): a new decoder reads the bytes that follow.
final class RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let limits: NIOHTTPDecoderLimitConfiguration
    private var decoder: HTTPRequestDecoder
    /// Whether the decoder stops at the end of the current request.
    private var stopsAtEnd = false
    private var hasStopped = false

    init(limits: NIOHTTPDecoderLimitConfiguration) {
        self.limits = limits
        decoder = Self.decoder(limits)
    }

    private static func decoder(_ limits: NIOHTTPDecoderLimitConfiguration) -> HTTPRequestDecoder {
        HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    }

    /// Must be called with each head that the decoder delivers, before it continues.
    func delivered(_ head: HTTPRequestHead) { stopsAtEnd = head.asksForUpgrade }

    /// Must be called with each end of a request that the decoder delivers, before it continues.
    func deliveredEnd() {
        hasStopped = stopsAtEnd
        stopsAtEnd = false
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        _ = try decoder.decode(context: context, buffer: &buffer)
        while hasStopped {
            restart(context)
            if buffer.readableBytes > 0 { _ = try decoder.decode(context: context, buffer: &buffer) }
        }
        return .needMoreData
    }

    func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        if buffer.readableBytes > 0 { _ = try decode(context: context, buffer: &buffer) }
        return try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }

    private func restart(_ context: ChannelHandlerContext) {
        hasStopped = false
        decoder.decoderRemoved(context: context)
        decoder = Self.decoder(limits)
        decoder.decoderAdded(context: context)
    }
}

extension HTTPRequestHead {
    /// Whether NIO's decoder stops after this request: it has the method CONNECT, or the field `Upgrade` and `Connection`
    /// names it (RFC 9110, section 7.8).
    fileprivate var asksForUpgrade: Bool {
        if method == .CONNECT { return true }
        guard headers.contains(name: "upgrade") else { return false }
        return headers["connection"].contains { value in
            value.split(separator: ",").contains { $0.trimmingPrefix { $0 == " " || $0 == "\t" }.isUpgradeToken }
        }
    }
}

extension Substring {
    fileprivate var isUpgradeToken: Bool {
        guard lowercased().hasPrefix("upgrade") else { return false }
        return dropFirst("upgrade".count).allSatisfy { $0 == " " || $0 == "\t" }
    }
}
