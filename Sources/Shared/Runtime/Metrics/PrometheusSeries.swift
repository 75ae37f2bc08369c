import CoreMetrics
import NIOConcurrencyHelpers
import Synchronization

/// A counter.
final class CounterSeries: CounterHandler {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    var value: Int64 { count.load(ordering: .relaxed) }
}

/// A gauge.
final class GaugeSeries: MeterHandler, RecorderHandler {
    private let box = NIOLockedValueBox(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { box.withLockedValue { $0 = value } }
    func increment(by amount: Double) { box.withLockedValue { $0 += amount } }
    func decrement(by amount: Double) { box.withLockedValue { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    var value: Double { box.withLockedValue { $0 } }
}

/// A histogram.
final class HistogramSeries: RecorderHandler, TimerHandler {
    struct State: Hashable, Sendable {
        /// The number of values in each bucket, not cumulative; the last bucket has the values above all bounds.
        var counts: [Int64]
        var sum = 0.0
    }

    let bounds: [Double]
    private let box: NIOLockedValueBox<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        box = NIOLockedValueBox(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        box.withLockedValue { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var state: State { box.withLockedValue { $0 } }
}
