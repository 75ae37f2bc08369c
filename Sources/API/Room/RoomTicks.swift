import Domain
import RedisSchema

/// The admissions of a room whose passes are valid, put together from readings that find the new ones only.
struct RoomTicks: Sendable {
    private(set) var valid: [RoomTick] = []
    /// The number of admissions since the room exists that are known, whether their passes are valid or not; 0 if the next
    /// reading has to find all.
    private(set) var count = 0

    /// Adds what a reading found.
    mutating func add(_ counters: RoomReading.Counters, at now: Timestamp) {
        let new = counters.tickCount - count
        if counters.hasAllTicks {
            valid = counters.ticks
            count = counters.tickCount
        } else if new >= 0, new <= counters.ticks.count, isContinued(by: counters.ticks.dropLast(new).last) {
            valid += counters.ticks.suffix(new)
            count = counters.tickCount
        } else {
            // Redis has lost the room since.
            valid = counters.ticks
            count = 0
        }
        let ended = valid.prefix { $0.end <= now }.count
        if ended > 0 { valid.removeFirst(ended) }
    }

    /// - Parameter last: the admission before the new ones, as far as the reading has it.
    private func isContinued(by last: RoomTick?) -> Bool {
        guard let last, let known = valid.last else { return true }
        return last == known
    }
}
