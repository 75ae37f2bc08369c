import Domain
import NIOCore
import Runtime
import Synchronization

/// An event as clients get it, encoded once for all of them.
struct EventView: Sendable {
    private static let count = Atomic(0)

    let report: EventReport
    /// As the header `ETag` has it.
    let tag: String
    /// The JSON document.
    let body: ByteBuffer
    /// A view that was made later has a higher number.
    let number: Int

    init(_ report: EventReport) {
        self.report = report
        tag = EntityTag(report).description
        body = JSONObject(report).bytes
        number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
