import CHiredis

/// Parses RESP2 with the reader of hiredis. Not thread-safe: each channel handler has its own.
///
/// The pointers of the reader do not leave this type: replies are copied to ``RESPValue`` and freed at once.
final class RESPParser {
    /// The maximum number of elements of one array. hiredis allocates the memory of an array when it reads the number, so
    /// eleven bytes could take 16 GiB and block the event loop. A queue of the sale has a million entries.
    private static let arrayLimit = 1 << 24

    private let reader: UnsafeMutablePointer<redisReader>
    /// How the reader builds replies: as hiredis does, within ``arrayLimit``.
    private let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)

    /// - Throws: a ``RedisError`` if there is no memory for a reader.
    init() throws(RedisError) {
        guard let reader = redisReaderCreate() else {
            throw RedisError(.protocolViolation, "no memory for a protocol reader", mayHaveRun: false)
        }
        self.reader = reader
        functions.initialize(to: reader.pointee.fn.pointee)
        // A C function has no captures, so it finds hiredis's functions in the data that tasks pass on.
        reader.pointee.privdata = UnsafeMutableRawPointer(reader.pointee.fn)
        functions.pointee.createArray = { task, count in
            let original = task?.pointee.privdata?.assumingMemoryBound(to: redisReplyObjectFunctions.self)
            return count <= RESPParser.arrayLimit ? original?.pointee.createArray?(task, count) : nil
        }
        reader.pointee.fn = functions
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Appends bytes from the socket; a value may continue in the next bytes.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard let base = bytes.bindMemory(to: CChar.self).baseAddress else { return }
        guard redisReaderFeed(reader, base, bytes.count) == REDIS_OK else { throw failure() }
    }

    /// The next complete value, or nil if more bytes are needed. After an error the stream cannot be parsed further.
    func next() throws(RedisError) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else { throw failure() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.copy(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private func failure() -> RedisError {
        guard reader.pointee.err != REDIS_ERR_OOM else {
            return RedisError(.protocolViolation, "the reply is too large", mayHaveRun: true)
        }
        let text = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.protocolViolation, "invalid reply: \(text)", mayHaveRun: true)
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
