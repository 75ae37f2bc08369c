/// Who is due when: a heap with 8 bytes for each person of a crowd. Times are in milliseconds since the beginning of the run.
struct Agenda: Sendable {
    /// The time and the person in one number, so that the smallest is next. Each is not above the two that follow it.
    private var heap: [UInt64] = []

    var count: Int { heap.count }

    /// When the next person is due; nil if there is none.
    var nextDue: UInt32? { heap.first.map { UInt32($0 >> 32) } }

    mutating func add(_ person: Int, at due: UInt32) {
        heap.append(UInt64(due) << 32 | UInt64(person))
        var index = heap.count - 1
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Removes and returns the person that was due first; nil if nobody is due.
    mutating func next(at now: UInt32) -> Int? {
        guard let first = heap.first, first >> 32 <= UInt64(now) else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[smallest] {
                smallest = child
            }
            guard smallest != index else { return Int(first & 0xffff_ffff) }
            heap.swapAt(index, smallest)
            index = smallest
        }
    }
}
