import CHiredis

/// Reads RESP2 with hiredis's reader. Not thread-safe: it belongs to one channel handler.
///
/// The reader's pointers stay in here: replies are copied into ``RESPValue`` and freed at once.
final class RESPParser {
    private let reader: UnsafeMutablePointer<redisReader>

    /// Fails where memory for a reader cannot be had.
    init() throws(RedisError) {
        guard let reader = redisReaderCreate() else {
            throw RedisError(.protocolViolation, "no memory for a protocol reader", mayHaveRun: false)
        }
        self.reader = reader
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Appends bytes as they came from the socket; they may end anywhere.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { return }
        guard redisReaderFeed(reader, base, bytes.count) == REDIS_OK else { throw failure() }
    }

    /// The next whole value, or nil where more bytes are needed. After an error the stream cannot be read on.
    func next() throws(RedisError) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw failure() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.copy(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private func failure() -> RedisError {
        let text = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, "unreadable answer: \(text)", mayHaveRun: true)
    }

    private static func copy(_ reply: redisReply) -> RESPValue {
        switch reply.type {
        case REDIS_REPLY_INTEGER: .integer(reply.integer)
        case REDIS_REPLY_STRING: .bulkString(Array(bytes(of: reply)))
        case REDIS_REPLY_STATUS: .simpleString(String(decoding: bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: .error(String(decoding: bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            .array((0..<Int(reply.elements)).map { reply.element[$0].map { copy($0.pointee) } ?? .null })
        default: .null
        }
    }

    private static func bytes(of reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : Int(reply.len))
    }
}
