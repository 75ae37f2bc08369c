import HTTPTypes
import Hummingbird
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
}
