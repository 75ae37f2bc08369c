import NIOConcurrencyHelpers

/// A closed loop: each client sends its next request after the response to its last one. The target sets the pace, so a
/// stall affects few requests.
struct ClosedLoop {
    let clients: Int

    func run(_ buyer: Buyer, for duration: Duration) async {
        let clients = clients
        let end = ContinuousClock.now + duration
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    var number = client
                    while true {
                        let now = ContinuousClock.now
                        guard now < end else { return }
                        await buyer.buy(number, scheduled: now)
                        number += clients
                    }
                }
            }
        }
    }
}

/// An open loop: requests follow a schedule regardless of the responses. Latency is measured from the scheduled time,
/// so a stall affects every request that it delays.
struct OpenLoop {
    let rate: Double
    /// The maximum number of requests in flight.
    let limit: Int

    func run(_ buyer: Buyer, for duration: Duration) async {
        let clock = ContinuousClock()
        let start = clock.now
        let count = Int((duration.seconds * rate).rounded())
        let inFlight = NIOLockedValueBox(0)
        await withDiscardingTaskGroup { group in
            for number in 0..<count {
                let scheduled = start + .seconds(Double(number) / rate)
                if clock.now < scheduled { try? await clock.sleep(until: scheduled, tolerance: .zero) }
                let hasRoom = inFlight.withLockedValue { inFlight in
                    guard inFlight < limit else { return false }
                    inFlight += 1
                    return true
                }
                guard hasRoom else {
                    buyer.observations.addDropped()
                    continue
                }
                group.addTask {
                    await buyer.buy(number, scheduled: scheduled)
                    inFlight.withLockedValue { $0 -= 1 }
                }
            }
        }
    }
}
