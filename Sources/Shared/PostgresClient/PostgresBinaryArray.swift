/// A type of the server whose arrays can be sent in binary format.
package enum PostgresElementType: String, Hashable, Sendable, CaseIterable {
    case int4, int8, text, timestamptz, uuid

    /// The OID of the type. It is the same on every server (pg_type.dat).
    var oid: UInt32 {
        switch self {
        case .int4: 23
        case .int8: 20
        case .text: 25
        case .timestamptz: 1184
        case .uuid: 2950
        }
    }

    /// The OID of its arrays.
    var arrayOID: UInt32 {
        switch self {
        case .int4: 1007
        case .int8: 1016
        case .text: 1009
        case .timestamptz: 1185
        case .uuid: 2951
        }
    }
}

/// A value that can be an element of a ``PostgresBinaryArray``.
package protocol PostgresBinaryElement {
    /// The type of which it is a value.
    static var postgresType: PostgresElementType { get }
    /// Writes the value as the type's receive function reads it.
    func write(to bytes: inout PostgresBytes)
}

extension Int32: PostgresBinaryElement {
    package static var postgresType: PostgresElementType { .int4 }
    package func write(to bytes: inout PostgresBytes) { bytes.append(self) }
}

extension Int64: PostgresBinaryElement {
    package static var postgresType: PostgresElementType { .int8 }
    package func write(to bytes: inout PostgresBytes) { bytes.append(self) }
}

extension String: PostgresBinaryElement {
    package static var postgresType: PostgresElementType { .text }
    package func write(to bytes: inout PostgresBytes) { bytes.append(utf8: self) }
}

/// An array of one dimension in binary format, which the server reads without parsing text. An element that is nil is
/// NULL.
///
/// The statement must give the parameter the type of the array; a cast does so: `:ids::uuid[]`. If it gives another type,
/// the statement fails with ``PostgresError/Code/invalidStatement`` before it runs.
package struct PostgresBinaryArray: PostgresEncodable, Hashable, Sendable {
    private let bytes: [UInt8]
    private let element: PostgresElementType

    package var postgresParameter: PostgresParameter { .array(bytes, of: element) }

    package init<Element: PostgresBinaryElement>(_ values: some Collection<Element>) {
        var bytes = PostgresBytes(arrayOf: Element.postgresType, count: values.count)
        for value in values { bytes.append(element: value) }
        self.init(bytes)
    }

    package init<Element: PostgresBinaryElement>(_ values: some Collection<Element?>) {
        var bytes = PostgresBytes(arrayOf: Element.postgresType, count: values.count)
        for value in values {
            if let value { bytes.append(element: value) } else { bytes.appendNull() }
        }
        self.init(bytes)
    }

    private init(_ bytes: PostgresBytes) {
        self.bytes = bytes.bytes
        element = bytes.element
    }
}

/// The bytes of an array while it is written. Numbers are in network byte order.
///
/// The format is that of `array_recv`: the number of dimensions, whether there are NULLs, and the OID of the elements;
/// for each dimension its length and its lower bound; then the length and the bytes of each element, where the length -1
/// is NULL. An empty array has no dimension.
package struct PostgresBytes {
    fileprivate private(set) var bytes: [UInt8] = []
    fileprivate let element: PostgresElementType

    private static let nullsPosition = 4

    fileprivate init(arrayOf element: PostgresElementType, count: Int) {
        self.element = element
        bytes.reserveCapacity(20 + count * 20)
        append(Int32(count > 0 ? 1 : 0))
        append(Int32(0))
        append(element.oid)
        guard count > 0 else { return }
        append(Int32(count))
        append(Int32(1))
    }

    package mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func append(utf8 text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends the element's length and its bytes.
    fileprivate mutating func append(element value: some PostgresBinaryElement) {
        let start = bytes.count
        append(Int32(0))
        value.write(to: &self)
        set(Int32(bytes.count - start - 4), at: start)
    }

    fileprivate mutating func appendNull() {
        append(Int32(-1))
        set(1, at: Self.nullsPosition)
    }

    private mutating func set(_ value: Int32, at position: Int) {
        withUnsafeBytes(of: value.bigEndian) { number in
            for (offset, byte) in number.enumerated() { bytes[position + offset] = byte }
        }
    }
}
