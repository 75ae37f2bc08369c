package import Domain
package import RedisClient

extension RESPValue {
    /// The bytes of a bulk string.
    var bytes: [UInt8]? {
        if case .bulkString(let bytes) = self { bytes } else { nil }
    }

    /// The fields of a reply to HGETALL. Throws ``RedisError/Code/protocolViolation`` for another reply.
    package func fields() throws(RedisError) -> [String: String] {
        guard let elements = array, elements.count.isMultiple(of: 2) else {
            throw RedisError(.protocolViolation, "not the fields of a hash", mayHaveRun: false)
        }
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: elements.count, by: 2) {
            if let name = elements[index].string { fields[name] = elements[index + 1].string }
        }
        return fields
    }

    /// The time of a reply to TIME. Throws ``RedisError/Code/protocolViolation`` for another reply.
    package func time() throws(RedisError) -> Timestamp {
        let numbers = array?.map(\.integer) ?? []
        guard numbers.count == 2, let seconds = numbers[0], let microseconds = numbers[1] else {
            throw RedisError(.protocolViolation, "not a time", mayHaveRun: false)
        }
        return Timestamp(milliseconds: seconds * 1000 + microseconds / 1000)
    }
}
