import HTTPTypes
import Hummingbird
import NIOCore
import Runtime

extension Response {
    /// A response whose body is a JSON object.
    static func json(
        _ object: JSONObject, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: object.bytes))
    }

    /// A response whose body is JSON already.
    static func json(_ body: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }
}
