import HTTPTypes
import Hummingbird
import Runtime

/// An error response as a problem document (RFC 9457). It contains nothing internal.
struct Problem: Error {
    var code: ProblemCode
    var detail: String
    /// Members beyond the standard ones: `field`, `state`, `available`, …
    var extras: [(name: String, value: JSONObject.Value)] = []
    var retryAfterSeconds: Int?
    var headers: HTTPFields = [:]

    init(_ code: ProblemCode, _ detail: String, retryAfterSeconds: Int? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// `invalid-request`.
    ///
    /// - Parameter field: the name of the field that is invalid; nil if no single field is.
    static func invalid(_ field: String?, _ detail: String) -> Problem {
        var problem = Problem(.invalidRequest, detail)
        if let field { problem.extras.append(("field", .string(field))) }
        return problem
    }

    /// A copy with one more member.
    func with(_ name: String, _ value: JSONObject.Value) -> Problem {
        var problem = self
        problem.extras.append((name, value))
        return problem
    }

    /// The JSON document.
    var body: ByteBuffer {
        var object = JSONObject()
        object["type"] = .string("/problems/\(code.rawValue)")
        object["title"] = .string(code.title)
        object["status"] = .integer(code.status.code)
        object["detail"] = .string(detail)
        object["code"] = .string(code.rawValue)
        for extra in extras { object[extra.name] = extra.value }
        if let retryAfterSeconds { object["retry_after_s"] = .integer(retryAfterSeconds) }
        return object.bytes
    }
}
