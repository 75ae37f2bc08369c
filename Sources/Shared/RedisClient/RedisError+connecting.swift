import Glibc
import NIOCore
import NIOPosix

extension RedisError {
    /// The cause of a failure to connect, for a log line.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            let cause = error.connectionErrors.first?.error ?? error.dnsAError ?? error.dnsAAAAError
            return "\(error.host):\(error.port): " + (cause.map(reason) ?? "no address")
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        default:
            return "\(error)"
        }
    }
}
