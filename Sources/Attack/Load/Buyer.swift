import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

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
        let body = body(number)
        let key = load.idempotentRetries > 0 ? "\(run)-\(number)" : nil
        let outcome = await attempt(body, key)
        let now = ContinuousClock.now
        observations.add(number, outcome, quantity: load.quantity, latency: now - scheduled, at: now)
        guard let key else { return }
        await retry(number, body, key, outcome)
    }

    /// Repeats a purchase with its key, which must lead to the first order whatever the first response was.
    private func retry(_ number: Int, _ body: String, _ key: String, _ first: Outcome) async {
        var known = first
        for _ in 0..<load.idempotentRetries {
            if case .refused = known { return }
            let outcome = await attempt(body, key)
            observations.addRetry(number, first: known, outcome, quantity: load.quantity)
            if case .unknown = known { known = outcome }
        }
    }

    private func attempt(_ body: String, _ key: String?) async -> Outcome {
        do {
            return Outcome(
                try await api.send(.POST, target.buyPath, body, headers: key.map { [("Idempotency-Key", $0)] } ?? []))
        } catch let error as HTTPClientError where error == .connectTimeout || error == .getConnectionFromPoolTimeout {
            return .refused(code: "no-connection")
        } catch is NIOConnectionError {
            return .refused(code: "no-connection")
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
            return .unknown(code: "timeout", ticket: nil)
        } catch {
            return .unknown(code: "connection-lost", ticket: nil)
        }
    }

    private func body(_ number: Int) -> String {
        switch target {
        case .lab: return #"{"quantity":\#(load.quantity)}"#
        case .sale(let event):
            let customer = load.customers.map { #","customer":"c\#(number % $0 + 1)""# } ?? ""
            return #"{"event":"\#(event)","quantity":\#(load.quantity)\#(customer)}"#
        }
    }
}
