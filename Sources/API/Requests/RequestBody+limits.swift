import Foundation
import HTTPTypes
import Hummingbird

/// The limits of request bodies, in bytes.
enum BodyLimit {
    static let standard = 4 * 1024
    /// For `PUT /events/{id}`.
    static let administration = 64 * 1024
}

extension Request {
    /// The complete body; empty if the request has none. Throws a problem if the body is not JSON or exceeds the limit.
    func jsonBody(limit: Int) async throws -> ByteBuffer {
        let body = try await completeBody(limit: limit)
        try JSONBody.check(headers[.contentType], of: body)
        return body
    }

    /// The complete body; empty if the request has none. Throws a problem if it exceeds the limit.
    func completeBody(limit: Int) async throws -> ByteBuffer {
        let length = headers[.contentLength].flatMap { Int($0) }
        if length == nil || length == 0, headers[.transferEncoding] == nil { return ByteBuffer() }
        if let length, length > limit { throw Problem.bodyTooLarge(limit) }
        var buffer = ByteBuffer()
        for try await part in body {
            guard buffer.readableBytes + part.readableBytes <= limit else { throw Problem.bodyTooLarge(limit) }
            buffer.writeImmutableBuffer(part)
        }
        return buffer
    }
}

/// The media type of a body.
enum JSONBody {
    /// Throws a problem if a body that is not empty has a type other than JSON. A body without a type counts as JSON.
    static func check(_ type: String?, of body: ByteBuffer) throws(Problem) {
        guard body.readableBytes > 0, let problem = problem(type) else { return }
        throw problem
    }

    /// The refusal of a body with a type other than JSON.
    static func problem(_ type: String?) -> Problem? {
        guard let type, type != "application/json", !isJSON(type) else { return nil }
        return Problem(.unsupportedMediaType, "Send the body with Content-Type: application/json.")
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return media == "application/json" || media.hasPrefix("application/") && media.hasSuffix("+json")
    }
}

extension Problem {
    static func bodyTooLarge(_ limit: Int) -> Problem {
        Problem(.bodyTooLarge, "The body must be at most \(limit) bytes long.")
    }
}
