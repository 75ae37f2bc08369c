import Engine
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import RedisSchema
import Runtime

/// The process itself: health, readiness, metrics, and the description of the API.
struct ServiceController: Sendable {
    let inventory: Inventory
    let ledger: Ledger
    let restorer: EventRestorer
    let readings: StoreReadings

    /// `GET /healthz`: the process is alive.
    func health() -> Response {
        var object = JSONObject()
        object["status"] = .string("alive")
        return .json(object)
    }

    /// `GET /readyz`: both stores respond, the recovery of Redis is complete, and every event is published in Redis.
    func readiness() async throws -> Response {
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

    /// `GET /metrics`: the Prometheus text format.
    func metrics() async -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await readings.text())))
    }

    /// All responses share its bytes, however many clients do not read theirs.
    private static let description = ByteBuffer(bytes: PackageResources.openapi_yaml)

    /// `GET /openapi.yaml`: the description of this API.
    func openAPI() -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/yaml"],
            body: ResponseBody(byteBuffer: Self.description))
    }
}
