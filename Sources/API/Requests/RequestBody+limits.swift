import Foundation
import HTTPTypes
import Hummingbird
import NIOFoundationCompat

/// The limits of request bodies, in bytes.
enum BodyLimit {
    static let standard = 4 * 1024
    /// For `PUT /events/{id}`.
    static let administration = 64 * 1024
}

extension Request {
    /// The complete body; empty if the request has none. Throws a problem if the body is not JSON or exceeds the limit.
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
