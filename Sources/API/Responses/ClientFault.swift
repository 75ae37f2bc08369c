import Metrics
import NIOCore
import NIOHTTP1

/// What a client did so that its request could not be answered. It is counted, and not an error of this service.
enum ClientFault: String, CaseIterable {
    /// The client closed the connection before the request was complete.
    case cutOff = "cut-off"
    /// The body did not arrive in time, or the client did not take its responses.
    case tooSlow = "too-slow"
    /// The headers are too large or too many.
    case headersTooLarge = "headers-too-large"
    /// The connection was lost while the request was read or answered.
    case connectionLost = "connection-lost"
    /// The bytes are not HTTP/1.1.
    case malformed

    /// Nil for an error that no client causes.
    init?(_ error: any Error) {
        switch error {
        case is BodyCutOff: self = .cutOff
        case is IOError: self = .connectionLost
        case let error as ChannelError where error.isLostConnection: self = .connectionLost
        case let error as HTTPParserError: self.init(error)
        default: return nil
        }
    }

    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow: self = .headersTooLarge
        case .invalidEOFState, .closedConnection: self = .cutOff
        default: self = .malformed
        }
    }

    private static let counters = Dictionary(
        uniqueKeysWithValues: allCases.map { fault in
            (fault, Counter(label: "ticketblitz_client_faults_total", dimensions: [("fault", fault.rawValue)]))
        })

    func count(_ number: Int = 1) { Self.counters[self]?.increment(by: number) }

    /// The response, if the client still reads.
    var problem: Problem {
        switch self {
        case .cutOff, .tooSlow: .invalid(nil, "The request is not complete.")
        case .connectionLost: .invalid(nil, "The connection was lost.")
        case .headersTooLarge, .malformed: .invalid(nil, "The request is not valid HTTP/1.1.")
        }
    }
}

extension ChannelError {
    fileprivate var isLostConnection: Bool {
        switch self {
        case .ioOnClosedChannel, .alreadyClosed, .outputClosed, .inputClosed, .eof: true
        default: false
        }
    }
}
