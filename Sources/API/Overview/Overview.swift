import Domain
import Engine
import NIOCore
import RedisSchema
import Runtime

/// The state of the service at one moment, and its last ten minutes, of all API processes together. A value without I/O.
struct Overview: Sendable {
    /// Intervals that are listed.
    static let samples: Int64 = 120
    /// Milliseconds after its end at which the figures of an interval count as complete: the processes write them then.
    static let grace: Int64 = 1000

    var at: Timestamp
    var queue: QueueStatus
    var recovery: [RecoveryProgress]
    /// By the number of the interval.
    var figures: [Int64: IntervalFigures]

    /// The number of the last interval that counts as complete.
    static func last(at now: Timestamp) -> Int64 { (now.milliseconds - grace) / IntervalFigures.length - 1 }

    /// The numbers of the intervals that are listed, in their order.
    static func listed(at now: Timestamp) -> ClosedRange<Int64> {
        let last = last(at: now)
        return last - samples + 1...last
    }

    /// The JSON document.
    ///
    /// - Parameter newest: the number of samples; nil for all.
    func document(newest: Int? = nil) -> ByteBuffer {
        var object = JSONObject()
        object["at"] = .string(RFC3339.text(at))
        object["interval_s"] = .integer(Int(IntervalFigures.length / 1000))
        object["purchases"] = .object(purchases)
        object["queue"] = .object(JSONObject(queue: queue))
        object["recovery"] = .object(JSONObject(recovery))
        object["partitions"] = .array(
            recovery.enumerated().map { number, progress in
                var partition = JSONObject()
                partition["partition"] = .integer(number)
                partition["phase"] = .string(progress.phase.rawValue)
                return partition
            })
        let present = Self.listed(at: at).filter { figures[$0]?.isQuiet == false }
        object["samples"] = .array(
            present.suffix(newest ?? present.count).compactMap { number in
                figures[number].map { JSONObject($0, at: number) }
            })
        return object.bytes
    }

    /// The purchases of the last complete interval, per second.
    private var purchases: JSONObject {
        let last = figures[Self.last(at: at)] ?? IntervalFigures()
        func rate(_ count: Int) -> JSONObject.Value {
            .number(Double(count) * 1000 / Double(IntervalFigures.length))
        }
        var refused = JSONObject()
        for (code, count) in last.refused.sorted(by: { $0.key < $1.key }) { refused[code] = rate(count) }
        var object = JSONObject()
        object["accepted_per_s"] = rate(last.accepted)
        object["refused_per_s"] = .object(refused)
        object["failed_per_s"] = rate(last.failed)
        return object
    }
}

extension JSONObject {
    /// An interval.
    fileprivate init(_ figures: IntervalFigures, at number: Int64) {
        self.init()
        self["at"] = .string(RFC3339.text(Timestamp(milliseconds: number * IntervalFigures.length)))
        self["accepted"] = .integer(figures.accepted)
        var refused = JSONObject()
        for (code, count) in figures.refused.sorted(by: { $0.key < $1.key }) { refused[code] = .integer(count) }
        self["refused"] = .object(refused)
        self["failed"] = .integer(figures.failed)
        if figures.replayed > 0 { self["replayed"] = .integer(figures.replayed) }
        self["depth"] = figures.depth.map { .integer($0) }
        self["oldest_age_ms"] = figures.oldestAge.map { .integer($0) }
    }
}
