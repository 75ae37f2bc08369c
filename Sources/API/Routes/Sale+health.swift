import HTTPTypes
import Hummingbird
import Runtime

extension Sale {
    /// `GET /healthz`: the process is alive.
    static func health() -> Response {
        var object = JSONObject()
        object["status"] = .string("alive")
        return .json(object)
    }

    /// `GET /readyz`: both stores answer, Redis has all that the ledger has seen, and every event is on sale as the ledger
    /// has it.
    func readiness(_ context: SaleContext) async throws -> Response {
        try await inventory.ping()
        try await ledger.ping()
        for progress in inventory.recovery where progress.phase != .complete { throw Problem(progress) }
        guard await restorer.isComplete else {
            throw Problem(.recovering, "Events are being published; try again.", retryAfterSeconds: 1)
        }
        var object = JSONObject()
        object["status"] = .string("ready")
        return .json(object)
    }

    /// `GET /metrics`: Prometheus's text format.
    func metricsText() async -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await readings.text())))
    }

    /// `GET /openapi.yaml`: this API's description.
    static func openAPI() -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/yaml"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
    }
}
