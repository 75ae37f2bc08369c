import Foundation
import NIOConcurrencyHelpers
import TestSupport

@testable import Domain

/// Compares what a receiver has got with the ledger: every committed change at least once, and nothing else.
struct WebhookCheck: CustomStringConvertible {
    /// Rows of the outbox that the receiver lacks.
    private(set) var undelivered: [String] = []
    /// Orders whose last state the receiver lacks.
    private(set) var unknown: [String] = []
    /// Messages of what is not in the ledger.
    private(set) var invented: [String] = []
    /// Messages with one id and different bodies.
    private(set) var contradictory: [String] = []
    private(set) var messages = 0
    private(set) var repeated = 0

    var holds: Bool { undelivered.isEmpty && unknown.isEmpty && invented.isEmpty && contradictory.isEmpty }

    var description: String {
        """
        \(messages) messages, \(repeated) repeated; undelivered \(undelivered.count), unknown \(unknown.count), \
        invented \(invented.count), contradictory \(contradictory.count) \
        \((undelivered + unknown + invented + contradictory).prefix(3))
        """
    }

    /// - Parameters:
    ///   - accepted: the messages that the receiver has answered with 200.
    ///   - changes: the ids of the outbox.
    ///   - orders: the ledger: id, version and status.
    init(accepted: [WebhookReceiver.Message], changes: [[String?]], orders: [[String?]]) {
        messages = accepted.count
        let byID = Dictionary(grouping: accepted, by: \.id)
        repeated = accepted.count - byID.count
        contradictory = byID.filter { Set($0.value.map(\.body)).count > 1 }.map(\.key)
        undelivered = changes.compactMap { $0[0] }.filter { byID[$0] == nil }
        let known = Set(changes.compactMap { $0[0] })
        invented = byID.keys.filter { !known.contains($0) }
        let states = Set(accepted.map { "\($0.order) \($0.version) \($0.data["status"] as? String ?? "")" })
        let last = Dictionary(orders.map { ($0[0] ?? "", Int($0[1] ?? "") ?? 0) }) { $1 }
        unknown = orders.map { "\($0[0] ?? "") \($0[1] ?? "") \($0[2] ?? "")" }.filter { !states.contains($0) }
        invented += accepted.filter { !$0.order.isEmpty && $0.version > last[$0.order] ?? 0 }.map(\.order)
    }
}

extension Cluster {
    /// Registers a receiver that fails at random while `body` runs, waits until everything is delivered, and checks it.
    nonisolated func checkingWebhooks(
        seed: UInt64, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> WebhookCheck {
        let generator = NIOLockedValueBox(SeededGenerator(seed: seed))
        let accepted = NIOLockedValueBox<[WebhookReceiver.Message]>([])
        let isCalm = NIOLockedValueBox(false)
        return try await withWebhookReceiver(answering: { message in
            let dice = generator.withLockedValue { Int.random(in: 0..<20, using: &$0) }
            if !isCalm.withLockedValue({ $0 }) {
                switch dice {
                case 0: return .status(500)
                case 1: return .reset
                case 2: return .status(503, headers: ["retry-after": "1"])
                default: break
                }
            }
            accepted.withLockedValue { $0.append(message) }
            // It has the message, and its answer is lost.
            return dice == 3 && !isCalm.withLockedValue { $0 } ? .reset : .ok
        }) { receiver in
            let response = try await HTTPClient(port: apiPorts[0]).send(
                "PUT", "/admin/webhooks/check", #"{"url":"\#(receiver.url())"}"#,
                headers: ["Authorization": "Bearer \(Self.token)"])
            guard response.status == 201 else { throw GaveUp(description: "no webhook: \(response.body)") }
            try await body()
            isCalm.withLockedValue { $0 = true }
            try await eventually("everything is delivered", within: 240) {
                let left = try await sql(
                    """
                    SELECT count(*) FROM changes LEFT JOIN webhook_deliveries USING (xid, seq)
                    WHERE state IS DISTINCT FROM 'delivered'
                    """)
                return left.first?.first == "0"
            }
            return WebhookCheck(
                accepted: accepted.withLockedValue { $0 },
                changes: try await sql("SELECT id::text FROM changes"),
                orders: try await sql("SELECT id::text, version::text, status FROM orders"))
        }
    }
}
