import NIOCore
import Runtime

/// A JSON object that has only known fields, each once and of the expected type. The first error is thrown as a ``Problem``
/// that names the field, or says where the body is not JSON.
struct StrictObject {
    private let members: [JSONValue.Member]

    /// Reads a body; nil if it is empty, which counts as an object without fields.
    static func read(_ body: ByteBuffer, fields: Set<String>) throws(Problem) -> StrictObject? {
        guard body.readableBytes > 0 else { return nil }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(body)
        } catch {
            throw Problem(error)
        }
        guard case .object(let members) = value else { throw .invalid(nil, "The body must be a JSON object.") }
        if let member = members.first(where: { !fields.contains($0.name) }) {
            let known =
                fields.isEmpty
                ? "this body has none" : "the known fields are: \(fields.sorted().joined(separator: ", "))"
            throw .invalid(member.name.inProblem, "Unknown field; \(known).")
        }
        return StrictObject(members: members)
    }

    private init(members: [JSONValue.Member]) { self.members = members }

    private subscript(name: String) -> JSONValue? { members.first { $0.name == name }?.value }

    func has(_ name: String) -> Bool { self[name] != nil }

    func isNull(_ name: String) -> Bool { self[name] == .null }

    func text(_ name: String) throws(Problem) -> String? {
        try value(name, "a string") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// A list of texts.
    func texts(_ name: String) throws(Problem) -> [String]? {
        try value(name, "a list of strings") { value in
            guard case .array(let elements) = value else { return nil }
            let texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
            return texts.count == elements.count ? texts : nil
        }
    }

    func boolean(_ name: String) throws(Problem) -> Bool? {
        try value(name, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
    }

    /// A whole number, in every form in which JSON can write it: `1`, `1.0`, `1e0`.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        try value(name, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            guard case .number(let number) = $0, let value = number.integer, range.contains(value) else { return nil }
            return value
        }
    }

    /// An integer, or null to remove the value; nil if the field is absent.
    func integerOrNull(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int?? {
        guard has(name) else { return nil }
        return isNull(name) ? .some(nil) : .some(try integer(name, in: range))
    }

    /// Nil if the field is absent. JSON null is not a valid value.
    private func value<Value>(
        _ name: String, _ wanted: String, _ read: (JSONValue) -> Value?
    ) throws(Problem) -> Value? {
        guard let value = self[name] else { return nil }
        guard let result = read(value) else { throw .invalid(name, "\(name) must be \(wanted).") }
        return result
    }
}

extension Problem {
    /// The body is not JSON.
    fileprivate init(_ error: JSONError) {
        if case .repeatedName(let name) = error.flaw {
            self = .invalid(name.inProblem, "The field occurs more than once (byte \(error.offset + 1)).")
        } else {
            self = .invalid(nil, "The body is not valid JSON: \(error).")
        }
    }
}

extension String {
    /// A name from a client, short enough to be repeated.
    fileprivate var inProblem: String { String(String.UnicodeScalarView(unicodeScalars.prefix(64))) }
}
