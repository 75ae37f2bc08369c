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
    /// The people that act instead of clients; nil for clients.
    var crowdOptions: CrowdOptions?
    /// Whether other clients buy from the target at the same time.
    var isShared = false
    var progress: Progress

    var clients: Int { load.clients ?? (crowdOptions != nil ? 256 : load.rate == nil ? 10 : 1000) }

    var duration: Duration { load.duration?.duration ?? .seconds(crowdOptions == nil ? 5 : 60) }

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
        let observations = ClientObservations()
        let crowd = crowd(api, observations)
        if let crowd {
            try await crowd.prepare()
        } else if let reset {
            try await api.reset(target, to: reset, adminToken: adminToken)
        }
        let before = try await api.account(target)
        let rowsBefore = try await rowTotals(rows)
        progress.say("attacking \(target) at \(service.url): \(plan)")

        let buyer = Buyer(api: api, target: target, load: load, observations: observations)
        let clock = ContinuousClock()
        let start = clock.now
        let shown = progress.follow(observations, for: duration)
        if let crowd {
            try await crowd.run()
        } else if let rate = load.rate {
            await OpenLoop(rate: rate, limit: clients).run(buyer, for: duration)
        } else {
            await ClosedLoop(clients: clients).run(buyer, for: duration)
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
        let result = await crowd?.result(after)
        var verdict = Verdict(evidence)
        if let result { verdict.add(result.findings) }
        return Report(
            attack: self, record: record, elapsed: elapsed, start: start, before: before, rowsBefore: rowsBefore,
            after: after, verdict: verdict, crowd: result?.figures)
    }

    private func crowd(_ api: Service, _ observations: ClientObservations) -> (any Crowd)? {
        guard let options = crowdOptions, let capacity = reset, let event = target.event else { return nil }
        let place = CrowdEvent(api: api, id: event, adminToken: adminToken)
        if options.waitlist {
            return WaitlistCrowd(
                api: api, event: place, options: options, capacity: capacity, quantity: load.quantity, width: clients,
                duration: duration, observations: observations)
        }
        return RoomCrowd(
            api: api, event: place, options: options, capacity: capacity, quantity: load.quantity, width: clients,
            duration: duration, observations: observations)
    }

    /// The load in words, for the progress and the report.
    var plan: String {
        if let crowdOptions { return crowdOptions.plan(width: clients) }
        if let rate = load.rate {
            return "\(rate.formatted()) requests/s for \(TimeSpan(duration)), at most \(clients) in flight"
        }
        return "\(clients) client\(clients == 1 ? "" : "s") for \(TimeSpan(duration))"
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
