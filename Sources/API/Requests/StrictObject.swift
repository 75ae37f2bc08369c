import Foundation

/// A JSON object that has only known fields, each of the expected type. The first error is thrown as a ``Problem`` that names
/// the field. It uses Foundation's decoder.
struct StrictObject: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Name>

    init(from decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Name.self)
    }

    /// Reads a body; nil if it is empty, which counts as an object without fields.
    static func read(_ bytes: Data, fields: Set<String>) throws(Problem) -> StrictObject? {
        guard !bytes.isEmpty else { return nil }
        let object: StrictObject
        do {
            object = try JSONDecoder().decode(StrictObject.self, from: bytes)
        } catch DecodingError.typeMismatch {
            throw .invalid(nil, "The body must be a JSON object.")
        } catch {
            throw .invalid(nil, "The body is not valid JSON.")
        }
        let unknown = object.container.allKeys.map(\.stringValue).filter { !fields.contains($0) }.sorted()
        if let name = unknown.first {
            let known = fields.sorted().joined(separator: ", ")
            throw .invalid(String(name.prefix(64)), "Unknown field; the known fields are: \(known).")
        }
        return object
    }

    func has(_ name: String) -> Bool {
        container.contains(Name(stringValue: name))
    }

    func isNull(_ name: String) -> Bool {
        (try? container.decodeNil(forKey: Name(stringValue: name))) ?? false
    }

    func text(_ name: String) throws(Problem) -> String? {
        try value(name, String.self, "a string")
    }

    func boolean(_ name: String) throws(Problem) -> Bool? {
        try value(name, Bool.self, "true or false")
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = try value(name, Int.self, wanted) else { return nil }
        guard range.contains(value) else { throw .invalid(name, "\(name) must be \(wanted).") }
        return value
    }

    /// An integer, or null to remove the value; nil if the field is absent.
    func integerOrNull(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int?? {
        guard has(name) else { return nil }
        return isNull(name) ? .some(nil) : .some(try integer(name, in: range))
    }

    /// Nil if the field is absent. JSON null is not a valid value.
    private func value<Value: Decodable>(
        _ name: String, _ type: Value.Type, _ wanted: String
    ) throws(Problem) -> Value? {
        guard has(name) else { return nil }
        do {
            return try container.decode(type, forKey: Name(stringValue: name))
        } catch {
            throw .invalid(name, "\(name) must be \(wanted).")
        }
    }
}
