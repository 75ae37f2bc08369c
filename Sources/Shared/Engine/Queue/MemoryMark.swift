package import RedisClient

/// The share of `maxmemory` above which the records of settled orders go before their retention time. No I/O.
package struct MemoryMark: Hashable, Sendable {
    /// Once records go early, they go until the memory is this much below the mark, in percent of `maxmemory`.
    private static let hysteresis = 5

    /// Percent of `maxmemory`.
    package var percent: Int

    package init(percent: Int) {
        self.percent = percent
    }

    /// Whether records have to go early. Never if the server has no limit.
    ///
    /// - Parameter isDeleting: whether records are going early already.
    package func isExceeded(by memory: RedisMemory, isDeleting: Bool = false) -> Bool {
        guard let limit = memory.limit else { return false }
        let share = isDeleting ? max(0, percent - Self.hysteresis) : percent
        return Double(memory.used) > Double(limit) * Double(share) / 100
    }
}
