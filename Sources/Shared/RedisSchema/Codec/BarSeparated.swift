extension String {
    /// The fields of a text that has bars between them; the last of `count` holds the rest, bars included. Cut by bytes:
    /// by characters it took several times as long.
    func barSeparated(upTo count: Int) -> [Substring] {
        utf8.split(separator: UInt8(ascii: "|"), maxSplits: count - 1, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }
}
