/// Why an attempt has no response.
public enum AttemptFailure: Error, Hashable, Sendable {
    /// The URL of the client is not one.
    case invalidURL
    /// No connection could be opened, so the request was not sent.
    case noConnection
    /// No response arrived in time.
    case timeout
    /// The connection was lost, or what arrived is not a response of HTTP.
    case connectionLost
    /// The task was cancelled.
    case cancelled

    /// Whether the request may have reached the API.
    public var mayHaveRun: Bool {
        switch self {
        case .invalidURL, .noConnection: false
        case .timeout, .connectionLost, .cancelled: true
        }
    }
}
