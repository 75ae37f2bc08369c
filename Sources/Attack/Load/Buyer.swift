import TicketBlitzClient

/// Makes purchases and records their outcomes.
struct Buyer: Sendable {
    let api: Service
    let target: Target
    let load: LoadOptions
    let observations: ClientObservations
    /// Part of every key, so that keys differ between runs.
    private let run = String(UInt64.random(in: 0...UInt64.max), radix: 36)

    init(api: Service, target: Target, load: LoadOptions, observations: ClientObservations) {
        self.api = api
        self.target = target
        self.load = load
        self.observations = observations
    }

    /// Makes one purchase.
    ///
    /// - Parameters:
    ///   - number: identifies the purchase within the run.
    ///   - scheduled: the time from which its latency is measured.
    func buy(_ number: Int, scheduled: ContinuousClock.Instant) async {
        let key = load.idempotentRetries > 0 ? IdempotencyKey(rawValue: "\(run)-\(number)") : nil
        let request = request(number, key: key)
        let outcome = await attempt(request)
        let now = ContinuousClock.now
        observations.add(number, outcome, quantity: load.quantity, latency: now - scheduled, at: now)
        if key != nil { await retry(number, request, outcome) }
    }

    /// Repeats a purchase with its key, which must lead to the first order whatever the first response was.
    private func retry(_ number: Int, _ request: APIRequest, _ first: Outcome) async {
        var known = first
        for _ in 0..<load.idempotentRetries {
            if case .refused = known { return }
            let outcome = await attempt(request)
            observations.addRetry(number, first: known, outcome, quantity: load.quantity)
            if case .unknown = known { known = outcome }
        }
    }

    private func attempt(_ request: APIRequest) async -> Outcome {
        do {
            return Outcome(try await api.send(request))
        } catch {
            return Outcome(error)
        }
    }

    private func request(_ number: Int, key: IdempotencyKey?) -> APIRequest {
        switch target {
        case .lab: return APIRequest(.post, target.buyPath, body: #"{"quantity":\#(load.quantity)}"#)
        case .sale(let event):
            let customer = load.customers.map { "c\(number % $0 + 1)" }
            return .buy(
                event, quantity: load.quantity, customer: customer, key: key, token: load.customerToken)
        }
    }
}
