/// Damaging and dividing bytes.
extension FuzzInput {
    /// The bytes with one to four changes: bits flipped; bytes replaced, inserted, removed, repeated or exchanged; the
    /// end cut off; or a token written.
    ///
    /// - Parameter tokens: pieces of the format, which random bytes seldom form.
    package mutating func mutated(_ bytes: [UInt8], with tokens: [[UInt8]] = []) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<int(1...4) { mutate(&bytes, with: tokens) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8], with tokens: [[UInt8]]) {
        guard !bytes.isEmpty else {
            bytes = tokens.isEmpty ? [UInt8(truncatingIfNeeded: next())] : pick(tokens)
            return
        }
        let index = int(0...bytes.count - 1)
        switch int(0...(tokens.isEmpty ? 6 : 8)) {
        case 0: bytes[index] ^= 1 << UInt8(int(0...7))
        case 1: bytes[index] = UInt8(truncatingIfNeeded: next())
        case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: index)
        case 3: bytes.removeSubrange(range(from: index, in: bytes))
        case 4: bytes.insert(contentsOf: bytes[range(from: index, in: bytes)], at: int(0...bytes.count))
        case 5: bytes.swapAt(index, int(0...bytes.count - 1))
        case 6: bytes.removeLast(bytes.count - index)
        case 7: bytes.insert(contentsOf: pick(tokens), at: index)
        default: bytes.replaceSubrange(range(from: index, in: bytes), with: pick(tokens))
        }
    }

    /// One to eight bytes from an index on.
    private mutating func range(from index: Int, in bytes: [UInt8]) -> Range<Int> {
        index..<min(index + int(1...8), bytes.count)
    }

    /// The bytes divided at random places, some of the pieces empty.
    package mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let longest = oneIn(4) ? 1 : max(1, int(0...bytes.count))
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + int(0...longest), bytes.count)
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }
}
