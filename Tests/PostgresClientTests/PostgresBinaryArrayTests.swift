import Testing

@testable import PostgresClient

/// A parameter as libpq receives it.
private struct Sent: Equatable {
    var bytes: [UInt8]?
    var length: Int32
    var format: Int32

    static func all(_ parameters: [PostgresParameter]) -> [Sent] {
        PostgresParameter.withArrays(of: parameters) { values, lengths, formats in
            values.indices.map { index in
                let bytes = UnsafeRawBufferPointer(start: values[index], count: Int(lengths[index]))
                return Sent(
                    bytes: values[index] == nil ? nil : Array(bytes), length: lengths[index], format: formats[index])
            }
        }
    }
}

@Suite struct PostgresBinaryArrayTests {
    @Test func anArrayHasTheFormatOfItsReceiveFunction() {
        let array = PostgresBinaryArray([1, nil] as [Int32?])
        let expected: [UInt8] = [
            0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255,
        ]
        #expect(array.postgresParameter == .array(expected, of: .int4))
    }

    @Test func anEmptyArrayHasNoDimension() {
        #expect(
            PostgresBinaryArray([String]()).postgresParameter
                == .array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25], of: .text))
    }

    @Test func aParameterIsSentInItsFormat() {
        let none: PostgresBinaryArray? = nil
        let parameters = [
            "é".postgresParameter, none.postgresParameter, .array([0, 7, 0], of: .uuid), "".postgresParameter,
        ]
        #expect(
            Sent.all(parameters) == [
                Sent(bytes: [0xc3, 0xa9, 0], length: 3, format: 0), Sent(bytes: nil, length: 0, format: 0),
                Sent(bytes: [0, 7, 0], length: 3, format: 1), Sent(bytes: [0], length: 1, format: 0),
            ])
    }

    @Test func aStatementWithoutParametersSendsNone() {
        #expect(Sent.all([]) == [])
        #expect(Sent.all([.null]) == [Sent(bytes: nil, length: 0, format: 0)])
    }
}
