import Glibc

/// Random numbers of the operating system, read in advance: each read is a system call, and a rush needs a number for each
/// order. Unpredictable like `SystemRandomNumberGenerator`. Not shared between threads.
package struct RandomPool: RandomNumberGenerator {
    /// getentropy(3) reads 256 bytes at most.
    private static let size = 256 / MemoryLayout<UInt64>.size

    private var numbers: [UInt64] = []

    package init() {}

    package mutating func next() -> UInt64 {
        if numbers.isEmpty { fill() }
        return numbers.removeLast()
    }

    private mutating func fill() {
        numbers = Array(repeating: 0, count: Self.size)
        let isFilled = numbers.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { getentropy($0, bytes.count) == 0 } ?? false
        }
        guard !isFilled else { return }
        var generator = SystemRandomNumberGenerator()
        for index in numbers.indices { numbers[index] = generator.next() }
    }
}
