import NIOConcurrencyHelpers

/// Clients that each send their next request when they have their answer. The crowd waits as real clients do, so the target
/// sets the pace, and a stall shows in few requests only.
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

/// Requests on a schedule, whatever the answers take: what a crowd does that does not wait for the service. Latency counts
/// from the scheduled time, so that a stall shows in every request that it delayed.
struct OpenLoop {
    let rate: Double
    /// Requests under way at most.
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
                    buyer.told.addDropped()
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
