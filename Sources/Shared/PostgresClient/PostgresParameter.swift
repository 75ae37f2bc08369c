/// A parameter's value in the format in which it is sent.
package enum PostgresParameter: Hashable, Sendable {
    case null
    /// The text format of the type that the statement gives the parameter. The value ends at the first NUL.
    case text(String)
    /// An array in binary format. The statement must give the parameter the type of these arrays.
    case array([UInt8], of: PostgresElementType)

    /// The type of the elements if the value is an array in binary format.
    var element: PostgresElementType? {
        if case .array(_, let element) = self { element } else { nil }
    }

    /// The number of bytes, with the terminator that libpq expects after a text.
    private var size: Int {
        switch self {
        case .null: 0
        case .text(let text): text.utf8.count + 1
        case .array(let bytes, _): bytes.count
        }
    }

    private func write(to buffer: Slice<UnsafeMutableBufferPointer<UInt8>>) -> Int {
        switch self {
        case .null:
            return buffer.startIndex
        case .text(let text):
            let end = buffer.initialize(fromContentsOf: text.utf8)
            return buffer[end...].initialize(fromContentsOf: CollectionOfOne(0))
        case .array(let bytes, _):
            return buffer.initialize(fromContentsOf: bytes)
        }
    }

    /// Calls `body` with what libpq takes: pointers to the values, their lengths, and their formats (0: text, 1:
    /// binary). The pointers are valid during the call.
    static func withArrays<Value>(
        of parameters: [PostgresParameter],
        _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> Value
    ) -> Value {
        let size = parameters.reduce(0) { $0 + $1.size }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { buffer in
            var values: [UnsafePointer<CChar>?] = []
            var lengths: [Int32] = []
            var end = 0
            for parameter in parameters {
                let start = end
                end = parameter.write(to: buffer[start...])
                let value = UnsafeRawPointer(buffer.baseAddress)?.advanced(by: start)
                values.append(parameter == .null ? nil : value?.assumingMemoryBound(to: CChar.self))
                lengths.append(Int32(end - start))
            }
            return body(values, lengths, parameters.map { $0.element == nil ? 0 : 1 })
        }
    }
}
