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
        let body = try await completeBody(limit: limit)
        try JSONBody.check(headers[.contentType], of: body)
        return Data(buffer: body)
    }

    /// The complete body; empty if the request has none. Throws a problem if it exceeds the limit.
    func completeBody(limit: Int) async throws -> ByteBuffer {
        let length = headers[.contentLength].flatMap { Int($0) }
        if length == nil || length == 0, headers[.transferEncoding] == nil { return ByteBuffer() }
        let tooLarge = Problem(.bodyTooLarge, "The body must be at most \(limit) bytes long.")
        if let length, length > limit { throw tooLarge }
        var buffer = ByteBuffer()
        for try await part in body {
            guard buffer.readableBytes + part.readableBytes <= limit else { throw tooLarge }
            buffer.writeImmutableBuffer(part)
        }
        return buffer
    }
}

/// The media type of a body.
enum JSONBody {
    /// Throws a problem if a body that is not empty has a type other than JSON. A body without a type counts as JSON.
    static func check(_ type: String?, of body: ByteBuffer) throws(Problem) {
        guard let type, body.readableBytes > 0, type != "application/json", !isJSON(type) else { return }
        throw Problem(.unsupportedMediaType, "Send the body with Content-Type: application/json.")
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return media == "application/json" || media.hasPrefix("application/") && media.hasSuffix("+json")
    }
}
