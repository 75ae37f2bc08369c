import Domain
import HTTPTypes
import Hummingbird
import Ledger
import NIOCore

/// The orders of an event as a file, which is read and sent a page at a time. The next page is read when the connection has taken
/// the last one, so that an export of any size needs the memory of a page.
struct OrderExport: Sendable {
    /// Rows of one page, which is about 150 KB.
    static let pageSize = 1000

    let ledger: Ledger
    let range: EventOrderRange
    /// It ends with the export.
    let place: LongResponses.Place

    /// The response that begins after an order. If the ledger fails before it begins, this throws; later, the connection is
    /// closed before the end of the body, so that the client learns that the file is not complete.
    func response(after last: OrderID?) async throws -> Response {
        let first = try await page(after: last)
        let headers: HTTPFields = [
            .contentType: "text/csv; charset=utf-8; header=present",
            .contentDisposition: "attachment; filename=\"orders-\(range.event).csv\"",
            // For proxies that collect responses, such as nginx.
            .accelBuffering: "no",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: OrderCSV.header))
                var page = first
                while true {
                    if !page.orders.isEmpty { try await writer.write(Self.text(page.orders)) }
                    guard let next = page.next else { break }
                    try place.check()
                    page = try await self.page(after: next)
                }
                try await writer.finish(nil)
            })
    }

    private func page(after last: OrderID?) async throws -> OrderPage {
        try await ledger.orders(of: range, after: last, limit: Self.pageSize)
    }

    private static func text(_ orders: [LedgerOrder]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: orders.count * 192)
        for order in orders { OrderCSV.write(order, to: &buffer) }
        return buffer
    }
}

extension Problem {
    /// All places of a route with long responses are taken, or the service stops.
    static func noPlace(_ code: ProblemCode, _ responses: LongResponses) -> Problem {
        responses.isClosing
            ? Problem(.storeUnavailable, "The service stops; try again.", retryAfterSeconds: 1)
            : Problem(
                code, "This process sends \(responses.limit) such responses at a time; try again.",
                retryAfterSeconds: 5)
    }
}
