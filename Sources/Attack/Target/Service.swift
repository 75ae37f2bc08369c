import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A client of the API.
struct Service: Sendable {
    let base: String
    let http: HTTPClient
    let timeout: Duration

    /// - Parameter connections: the maximum number of connections that stay open.
    static func configuration(connections: Int) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> TargetResponse {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await http.execute(request, timeout: TimeAmount(timeout))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return TargetResponse(status: Int(response.status.code), bytes: Data(bytes.readableBytesView))
    }

    /// The target's counters.
    ///
    /// - Throws: a ``ServiceError`` if the response does not have them.
    func account(_ target: Target) async throws -> Account {
        let response = try await send(.GET, target.accountPath)
        guard response.status == 200, let fields = response.fields, let capacity = fields.capacity,
            let sold = fields.sold,
            let available = fields.available ?? fields.stock
        else {
            throw ServiceError("GET \(target.accountPath) answered \(response.status) \(response.code)")
        }
        return Account(
            capacity: capacity, available: available, held: fields.held ?? 0, pending: fields.pending ?? 0, sold: sold)
    }

    func reset(_ target: Target, to capacity: Int, adminToken: String?) async throws {
        let path: String
        let body: String
        switch target {
        case .sale(let event): (path, body) = ("/reset", #"{"event":"\#(event)","capacity":\#(capacity)}"#)
        case .lab(let strategy): (path, body) = ("/lab/\(strategy)/reset", #"{"capacity":\#(capacity)}"#)
        }
        let headers = adminToken.map { [("Authorization", "Bearer \($0)")] } ?? []
        let response = try await send(.POST, path, body, headers: headers)
        guard response.status == 200 else {
            throw ServiceError("POST \(path) answered \(response.status) \(response.code)")
        }
    }
}

/// An unexpected response of the API.
struct ServiceError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
