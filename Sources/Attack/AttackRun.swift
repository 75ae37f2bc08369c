import AsyncHTTPClient
import FoundationInternationalization
import TicketBlitzClient

/// One attack, from the first request for the target's counters to the verdict.
struct AttackRun: Sendable {
    var target: Target
    var load: LoadOptions
    var reset: Int?
    var adminToken: String?
    var service: ServiceOptions
    /// Whether other clients buy from the target at the same time.
    var isShared = false
    var progress: Progress

    var clients: Int { load.clients ?? (load.rate == nil ? 10 : 1000) }

    /// - Throws: an error if there is nothing to report, for example because the target cannot be reached.
    func run() async throws -> Report {
        let http = HTTPClient(configuration: SaleClient.httpConfiguration(connections: max(clients, Follower.width)))
        do {
            let report = try await run(Service(base: service.url, http: http, timeout: service.timeout.duration))
            try await http.shutdown()
            return report
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func run(_ api: Service) async throws -> Report {
        let rows = try service.databaseURL.map { try LedgerRows(databaseURL: $0) }
        if let reset { try await api.reset(target, to: reset, adminToken: adminToken) }
        let before = try await api.account(target)
        let rowsBefore = try await rowTotals(rows)
        progress.say("attacking \(target) at \(service.url): \(plan)")

        let observations = ClientObservations()
        let buyer = Buyer(api: api, target: target, load: load, observations: observations)
        let clock = ContinuousClock()
        let start = clock.now
        let shown = progress.follow(observations, for: load.duration.duration)
        if let rate = load.rate {
            await OpenLoop(rate: rate, limit: clients).run(buyer, for: load.duration.duration)
        } else {
            await ClosedLoop(clients: clients).run(buyer, for: load.duration.duration)
        }
        let elapsed = clock.now - start
        shown.cancel()
        await shown.value

        let record = observations.record
        let deadline = clock.now + service.settle.duration
        let follower = Follower(api: api, deadline: deadline)
        progress.say("following \(record.tickets.count) tickets to their final states")
        let endings = await follower.endings(of: record.tickets.map(\.id))
        let after = try await follower.accountAtRest(of: target, isShared: isShared)
        let evidence = Evidence(
            target: target, record: record, before: before, after: after, endings: endings,
            rows: try await rowEvidence(rows, rowsBefore, record), isShared: isShared)
        await rows?.close()
        return Report(
            attack: self, record: record, elapsed: elapsed, start: start, before: before, rowsBefore: rowsBefore,
            after: after, verdict: Verdict(evidence))
    }

    /// The load in words, for the progress and the report.
    var plan: String {
        if let rate = load.rate {
            return "\(rate.formatted()) requests/s for \(load.duration), at most \(clients) in flight"
        }
        return "\(clients) client\(clients == 1 ? "" : "s") for \(load.duration)"
    }

    private func rowTotals(_ rows: LedgerRows?) async throws -> RowTotals? {
        guard let rows, let event = target.event else { return nil }
        return try await rows.totals(of: event)
    }

    private func rowEvidence(
        _ rows: LedgerRows?, _ before: RowTotals?, _ record: Record
    ) async throws -> RowEvidence? {
        guard let rows, let event = target.event, let before else { return nil }
        return try await rows.evidence(of: record.tickets, event: event, before: before)
    }
}
