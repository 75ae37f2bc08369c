import Logging
import NIOCore
import Runtime
import Synchronization

/// The id of one request, in the header `X-Request-Id` and in the logs. It is the client's `X-Request-Id` if that is well
/// formed, else the trace id of its `traceparent`, else a new id of 32 hexadecimal digits, of which the first 16 belong to
/// the process and the others count its requests.
struct RequestID: Hashable, Sendable, CustomStringConvertible {
    /// What a client has sent to identify a request.
    struct Given: Hashable, Sendable {
        static let none = Given()

        /// Well formed (see ``RequestID/isValid(_:)``).
        var id: String?
        /// The id of the client's trace (see ``RequestID/trace(_:)``).
        var trace: String?
    }

    private enum Value: Hashable {
        case own(UInt64)
        case given(String)
    }

    private static let process = UInt64.random(in: 0...UInt64.max)
    private static let count = Atomic<UInt64>(UInt64.random(in: 0...UInt64.max))

    private let value: Value
    /// The trace that the request belongs to, if the client has sent one.
    let trace: String?

    /// A new id.
    init() { self.init(.none) }

    /// The id of a request, which uses what the client has sent.
    init(_ given: Given) {
        trace = given.trace
        if let id = given.id ?? given.trace {
            value = .given(id)
        } else {
            value = .own(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)
        }
    }

    func write(to buffer: inout ByteBuffer) {
        switch value {
        case .own(let number):
            buffer.writeHexadecimal(Self.process)
            buffer.writeHexadecimal(number)
        case .given(let id):
            buffer.writeString(id)
        }
    }

    var description: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }

    /// For the log lines of the request.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["request": "\(self)"]
        if let trace, trace != description { metadata["trace"] = "\(trace)" }
        return metadata
    }
}

extension RequestID {
    /// Whether a client's id is used: 1 to 128 letters, digits and `-._~:=+/@`.
    static func isValid(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"),
                    UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "@"):
                    true
                default: false
                }
            }
    }

    /// The trace id of a `traceparent`: `version-traceid-parentid-flags` in lower-case hexadecimal digits, with a trace id
    /// and a parent id that are not zero (W3C Trace Context, section 3.2). Nil if it is not valid.
    static func trace(_ parent: String) -> String? {
        let parts = parent.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count >= 4, zip(parts, [2, 32, 16, 2]).allSatisfy({ $0.utf8.count == $1 && $0.isHexadecimal }),
            parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            [parts[1], parts[2]].allSatisfy({ $0.contains { $0 != "0" } })
        else { return nil }
        return String(parts[1])
    }
}

extension Substring {
    fileprivate var isHexadecimal: Bool {
        utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
