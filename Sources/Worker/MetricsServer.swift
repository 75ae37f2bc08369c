import Engine
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Runtime
import ServiceLifecycle

/// The HTTP service of the Worker: `/metrics`, `/healthz` (the process runs) and `/readyz` (every partition is open).
enum MetricsServer {
    static func make(
        _ address: (host: String, port: Int), readings: StoreReadings, queues: [OrderQueue],
        group: any EventLoopGroup, logger: Logger
    ) -> some Service {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.get("/metrics") { _, _ in
            response(await readings.text(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/healthz") { _, _ in response(#"{"status":"alive"}"#) }
        router.get("/readyz") { _, _ in
            queues.allSatisfy(\.isOpen)
                ? response(#"{"status":"ready"}"#)
                : response(#"{"status":"recovering"}"#, status: .serviceUnavailable)
        }
        var quiet = logger
        quiet.logLevel = .warning
        return Application(
            router: router, configuration: .init(address: .hostname(address.host, port: address.port)),
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }

    private static func response(
        _ text: String, type: String = "application/json", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
