import NIOCore
import Runtime
import Synchronization

/// The id of one request, in the header `X-Request-Id` and in the logs: 32 hexadecimal digits. The first 16 belong to the
/// process, the others count its requests.
struct RequestID: Hashable, Sendable, CustomStringConvertible {
    static let length = 32
    private static let process = UInt64.random(in: 0...UInt64.max)
    private static let count = Atomic<UInt64>(UInt64.random(in: 0...UInt64.max))

    private let number: UInt64

    /// A new id.
    init() {
        number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func write(to buffer: inout ByteBuffer) {
        buffer.writeHexadecimal(Self.process)
        buffer.writeHexadecimal(number)
    }

    var description: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return String(buffer: buffer)
    }
}
