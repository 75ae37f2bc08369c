import Foundation
import HTTPTypes
import Hummingbird
import NIOFoundationCompat

extension Request {
    /// The whole body, where it is JSON and within the limit; empty where there is none.
    func jsonBody(limit: Int) async throws -> Data {
        let length = headers[.contentLength].flatMap { Int($0) }
        if length == nil || length == 0, headers[.transferEncoding] == nil { return Data() }
        let tooLarge = Problem(.bodyTooLarge, "The body must be at most \(limit) bytes long.")
        if let length, length > limit { throw tooLarge }
        var buffer = ByteBuffer()
        for try await part in body {
            guard buffer.readableBytes + part.readableBytes <= limit else { throw tooLarge }
            buffer.writeImmutableBuffer(part)
        }
        guard buffer.readableBytes > 0 else { return Data() }
        if let type = headers[.contentType], !Self.isJSON(type) {
            throw Problem(.unsupportedMediaType, "Send the body with Content-Type: application/json.")
        }
        return Data(buffer: buffer)
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return media == "application/json" || media.hasPrefix("application/") && media.hasSuffix("+json")
    }
}
