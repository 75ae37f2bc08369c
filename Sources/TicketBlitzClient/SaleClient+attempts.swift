import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

extension SaleClient {
    /// The longest body of a response that is read.
    private static let bodyLimit = 4 << 20

    /// Sends a request once. Nothing is repeated, and a response with any status is returned.
    ///
    /// This is what the calls are made of, for programs that measure or decide themselves.
    ///
    /// - Parameter timeout: until the end of the response; nil for ``Configuration/attemptTimeout``.
    public func attempt(
        _ request: APIRequest, timeout: Duration? = nil
    ) async throws(AttemptFailure) -> APIResponse {
        var message = HTTPClientRequest(url: url + request.path)
        message.method = HTTPMethod(request.method)
        if let key = request.key { message.headers.add(name: "Idempotency-Key", value: key.rawValue) }
        if let token = request.token { message.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let pass = request.pass { message.headers.add(name: "Admission-Pass", value: pass) }
        if let proof = request.proof { message.headers.add(name: "Admission-Proof", value: proof) }
        if let body = request.body {
            message.headers.add(name: "Content-Type", value: "application/json")
            message.body = .bytes(ByteBuffer(string: body))
        }
        do {
            let limit = timeout ?? configuration.attemptTimeout
            let end = ContinuousClock.now + limit
            let response = try await http.execute(message, timeout: TimeAmount(limit))
            let bytes = try await Self.body(of: response, before: end)
            return APIResponse(
                status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"),
                isReplayed: response.headers.contains(name: "Idempotent-Replayed"), body: Data(bytes.readableBytesView))
        } catch {
            throw AttemptFailure(error)
        }
    }

    /// The timeout of AsyncHTTPClient ends with the head of the response, so the body has a deadline of its own.
    private static func body(
        of response: HTTPClientResponse, before end: ContinuousClock.Instant
    ) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await response.body.collect(upTo: bodyLimit) }
            group.addTask {
                try await Task.sleep(until: end, clock: .continuous)
                return nil
            }
            guard let bytes = try await group.next() ?? nil else { throw AttemptFailure.timeout }
            return bytes
        }
    }
}

extension HTTPMethod {
    init(_ method: APIRequest.Method) {
        switch method {
        case .get: self = .GET
        case .post: self = .POST
        case .put: self = .PUT
        case .delete: self = .DELETE
        }
    }
}

extension AttemptFailure {
    /// A failure of AsyncHTTPClient.
    init(_ error: any Error) {
        switch error {
        case let failure as AttemptFailure: self = failure
        case is CancellationError: self = .cancelled
        case is NIOConnectionError: self = .noConnection
        // Only connect(2) fails like this.
        case let error as IOError where error.errnoCode == ECONNREFUSED: self = .noConnection
        case let error as HTTPClientError:
            switch error {
            case .cancelled: self = .cancelled
            case .connectTimeout, .getConnectionFromPoolTimeout, .alreadyShutdown: self = .noConnection
            case .invalidURL, .emptyHost, .emptyScheme: self = .invalidURL
            case .deadlineExceeded, .readTimeout, .writeTimeout: self = .timeout
            default: self = .connectionLost
            }
        default: self = .connectionLost
        }
    }
}
