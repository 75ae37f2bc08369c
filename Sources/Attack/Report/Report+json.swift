import Foundation

extension Report {
    private struct Form: Encodable {
        struct Units: Encodable {
            var capacity, available, held, pending, sold: Int

            init(_ account: Account) {
                (capacity, available, held) = (account.capacity, account.available, account.held)
                (pending, sold) = (account.pending, account.sold)
            }
        }

        var target, url, plan, verdict: String
        var broken, unjudged, not_judged: [String]
        var accepted, accepted_units, sold_out, answered, dropped, retries, tickets, oversold: Int
        var errors: [String: Int]
        var seconds, requests_per_second: Double
        var sold_in_seconds: Double?
        var latency: Latency
        var before, after: Units
        /// Only of an attack with a waiting room.
        var room: RoomFigures?
        /// Only of an attack with a waiting list.
        var waitlist: WaitlistFigures?
        /// Only of a shared attack.
        var purchases: SharedPurchases?
    }

    /// The report as JSON, with a newline at the end.
    var json: Data {
        get throws {
            let form = Form(
                target: target, url: url, plan: plan, verdict: "\(verdict.judgement)", broken: verdict.broken,
                unjudged: verdict.unjudged, not_judged: verdict.notJudged, accepted: record.accepted,
                accepted_units: record.acceptedUnits,
                sold_out: record.soldOut, answered: record.answered, dropped: record.dropped, retries: record.retries,
                tickets: record.tickets.count, oversold: after.oversold, errors: record.errors, seconds: seconds,
                requests_per_second: requestsPerSecond, sold_in_seconds: soldInSeconds, latency: latency,
                before: Form.Units(before), after: Form.Units(after),
                room: crowd?.room, waitlist: crowd?.waitlist,
                purchases: sharedEvent.map {
                    SharedPurchases(event: $0, record: record, before: before, rowsBefore: rowsBefore)
                })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(form) + Data("\n".utf8)
        }
    }
}
