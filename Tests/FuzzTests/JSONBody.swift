import TestSupport

/// Writes JSON objects with random white space and escapes.
struct JSONBody {
    private var members: [String] = []

    /// Adds a member. Its value is JSON.
    mutating func add(_ name: String, _ value: String, _ input: inout FuzzInput) {
        members.append("\(Self.string(name, &input))\(Self.space(&input)):\(Self.space(&input))\(value)")
    }

    func bytes(_ input: inout FuzzInput) -> [UInt8] {
        Array("\(Self.space(&input)){\(members.joined(separator: ","))\(Self.space(&input))}".utf8)
    }

    /// A string. Characters are escaped if they have to be, and some others too.
    static func string(_ text: String, _ input: inout FuzzInput) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            let short: [Unicode.Scalar: String] = ["\"": "\\\"", "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t"]
            if scalar.value < 0x20 || scalar == "\"" || scalar == "\\" || input.oneIn(8) {
                if let escape = short[scalar], input.oneIn(2) {
                    json += escape
                } else {
                    for unit in String(scalar).utf16 { json += "\\u" + hexadecimal(unit, input.oneIn(2)) }
                }
            } else {
                json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }

    /// Any value: right and wrong ones for the fields of requests.
    static func value(_ input: inout FuzzInput, depth: Int) -> String {
        switch input.int(0...(depth < 3 ? 8 : 6)) {
        case 0: "null"
        case 1: input.oneIn(2) ? "true" : "false"
        case 2, 3: String(input.edge(-1...1001))
        case 4: input.pick(["1.5", "1e3", "1E-2", "-0", "1e400", "01", "0x1", "NaN", "99999999999999999999", "1.0"])
        case 5, 6: string(input.text(upTo: input.oneIn(20) ? 140 : 6), &input)
        case 7: "[" + (0..<input.int(0...3)).map { _ in value(&input, depth: depth + 1) }.joined(separator: ",") + "]"
        default: "{\(string(input.text(upTo: 3), &input)):\(value(&input, depth: depth + 1))}"
        }
    }

    private static func hexadecimal(_ unit: UInt16, _ uppercase: Bool) -> String {
        let digits = String(unit, radix: 16, uppercase: uppercase)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static func space(_ input: inout FuzzInput) -> String {
        String(decoding: input.bytes(of: Array(" \t\r\n".utf8), upTo: input.oneIn(4) ? 3 : 0), as: UTF8.self)
    }
}
