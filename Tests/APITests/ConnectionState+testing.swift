import Domain
import NIOCore
import NIOHTTP1

@testable import API

extension NIODeadline {
    /// Seconds on a test's clock.
    static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds) * 1_000_000_000) }
}

extension ConnectionState {
    /// Handles an input; the actions that it leads to.
    mutating func on(_ input: Input, at seconds: Int64 = 0) -> [Action] {
        var actions: [Action] = []
        handle(input, at: .at(seconds)).perform { actions.append($0) }
        return actions
    }

    /// A complete request without a body, in one read.
    mutating func request(
        _ request: HTTPRequestHead = .get("/healthz"), _ check: RateCheck = .unlimited, at seconds: Int64 = 0
    ) -> [Action] {
        on(.head(request, check), at: seconds) + on(.end(nil), at: seconds) + on(.readComplete, at: seconds)
    }

    /// The application's complete response.
    mutating func response(at seconds: Int64 = 0) -> [Action] {
        on(.responseHead(.ok), at: seconds) + on(.responseEnd, at: seconds)
    }

    /// A connection that is open, with its idle timer set.
    static func opened(
        _ configuration: Configuration = Configuration(), preflight: (@Sendable (HTTPRequestHead) -> Problem?)? = nil
    ) -> ConnectionState {
        var configuration = configuration
        configuration.idleTimeout = .seconds(10)
        var state = ConnectionState(configuration, preflight: preflight)
        _ = state.on(.opened)
        return state
    }
}

extension HTTPRequestHead {
    static func get(_ path: String, headers: HTTPHeaders = [:]) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": "x"] + headers)
    }

    static func post(_ path: String, headers: HTTPHeaders = [:]) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: ["Host": "x"] + headers)
    }
}

extension HTTPHeaders {
    static func + (some: HTTPHeaders, others: HTTPHeaders) -> HTTPHeaders {
        var all = some
        all.add(contentsOf: others)
        return all
    }
}

extension HTTPResponseHead {
    static let ok = HTTPResponseHead(version: .http1_1, status: .ok)
}

extension ConnectionState.Input {
    static let body = Self.body(ByteBuffer(string: "{}"))
}

extension RateStanding {
    static let served = RateStanding(isAllowed: true, remaining: 3, wholeIn: 1_000_000_000, nextIn: 0)
    static let refused = RateStanding(isAllowed: false, remaining: 0, wholeIn: 4_000_000_000, nextIn: 1_000_000_000)
}

extension ConnectionState.RateCheck {
    static let served = Self.counted(.served)
    static let refused = Self.counted(.refused)
}

extension ConnectionState.Action {
    /// The response, if the action writes one.
    var response: ConnectionResponse? { if case .respond(let response) = self { response } else { nil } }
}
