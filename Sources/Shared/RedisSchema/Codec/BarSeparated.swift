extension String {
    /// The fields of a text that bars separate. The last of `count` fields contains the rest, including bars. Splits by
    /// bytes, because splitting by characters took several times as long.
    func barSeparated(upTo count: Int) -> [Substring] {
        utf8.split(separator: UInt8(ascii: "|"), maxSplits: count - 1, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }
}
