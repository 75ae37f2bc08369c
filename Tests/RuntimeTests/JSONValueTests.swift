import NIOCore
import Testing

@testable import Runtime

private func read(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(ByteBuffer(string: text)) }

@Suite struct JSONValueTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", .boolean(true)), ("\t\r\n false\n", .boolean(false)), ("\"\"", .string("")),
            ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])), ("{\n}", .object([])),
            (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")), (#""\u0041\u00e9\u00E9""#, .string("Aéé")),
            (#""\ud83d\ude00""#, .string("😀")), (#""\uFFFF\u0000""#, .string("\u{ffff}\0")),
            ("\"\u{7f}é😀\"", .string("\u{7f}é😀")),
            ("[null,[true]]", .array([.null, .array([.boolean(true)])])),
            (
                #"{ "a" : {"a":[]} , "":"x" }"#,
                .object([
                    .init(name: "a", value: .object([.init(name: "a", value: .array([]))])),
                    .init(name: "", value: .string("x")),
                ])
            ),
        ] as [(String, JSONValue)])
    func theGrammarIsRead(text: String, value: JSONValue) throws {
        #expect(try read(text) == value)
    }

    @Test(
        arguments: [
            ("", .empty), (" \n", .empty), ("\u{feff}{}", .byteOrderMark),
            ("{", .cutOff), ("[1", .cutOff), ("[1,", .cutOff), ("{\"a\"", .cutOff), ("{\"a\":", .cutOff),
            ("\"a", .cutOff),
            ("\"\\", .cutOff), ("\"\\u12", .cutOff), ("-", .cutOff), ("1e", .cutOff), ("1.", .cutOff),
            ("nul", .noValue), ("NaN", .noValue), ("Infinity", .noValue), ("+1", .noValue), (".5", .noValue),
            ("'a'", .noValue), ("True", .noValue), ("// c\n1", .noValue), ("[,]", .noValue), ("[1,,2]", .noValue),
            ("{\"a\":}", .noValue), ("\u{c}1", .noValue), ("\u{a0}1", .noValue), ("undefined", .noValue),
            ("{a:1}", .noName), ("{1:1}", .noName), ("{,}", .noName), ("{\"a\":1,,}", .noName), ("{'a':1}", .noName),
            ("{\"a\" 1}", .noColon), ("{\"a\",1}", .noColon), ("{\"a\"/**/:1}", .noColon),
            ("[1 2]", .noComma), ("{\"a\":1 \"b\":2}", .noComma), ("[1}", .noComma), ("{\"a\":1]", .noComma),
            ("[1/**/]", .noComma), ("[truex]", .noComma),
            ("[1,]", .trailingComma), ("{\"a\":1, }", .trailingComma),
            ("{}x", .trailingText), ("{}{}", .trailingText), ("{}\0", .trailingText), ("1 2", .trailingText),
            ("{}//", .trailingText), ("]", .noValue), ("[]]", .trailingText), ("0x1", .trailingText),
            ("1.5.2", .trailingText),
            ("\"\u{1}\"", .controlCharacter), ("\"a\nb\"", .controlCharacter), ("\"\t\"", .controlCharacter),
            ("\"\0\"", .controlCharacter), ("{\"\u{1f}\":1}", .controlCharacter),
            (#""\x41""#, .unknownEscape), (#""\'""#, .unknownEscape), (#""\u12G4""#, .unknownEscape),
            (#""\U0041""#, .unknownEscape), (#""\u{41}""#, .unknownEscape), (#""\u+041""#, .unknownEscape),
            (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate),
            (#""\ud800\ud800""#, .loneSurrogate), (#""\ude00\ud83d""#, .loneSurrogate),
            (#""\ud800\n""#, .loneSurrogate),
            ("01", .malformedNumber), ("-01", .malformedNumber), ("00", .malformedNumber), ("1.e1", .malformedNumber),
            ("-a", .malformedNumber), ("1e+x", .malformedNumber), ("-.5", .malformedNumber), ("--1", .malformedNumber),
            (#"{"a":1,"a":1}"#, .repeatedName("a")), (#"{"a":1,"b":{},"\u0061":2}"#, .repeatedName("a")),
            (#"[{"x":{"":1,"":1}}]"#, .repeatedName("")),
        ] as [(String, JSONError.Flaw)])
    func everythingElseIsRefused(text: String, flaw: JSONError.Flaw) {
        do {
            Issue.record("\(text) is \(try read(text))")
        } catch {
            #expect(error.flaw == flaw)
        }
    }

    /// Overlong sequences, surrogates, values above U+10FFFF, lone and missing continuation bytes, UTF-16.
    @Test(arguments: [
        [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xf0, 0x80, 0x80, 0xaf], [0xed, 0xa0, 0x80],
        [0xed, 0xbf, 0xbf],
        [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0x80], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98],
        [0xe9], [0xfe, 0xff],
    ])
    func stringsAreUTF8(bytes: [UInt8]) {
        for (before, after) in [("\"", "\""), ("{\"", "\":1}"), (#"["a\u00e9"#, "\"]")] {
            let text = Array(before.utf8) + bytes + Array(after.utf8)
            #expect(throws: JSONError.self) { try JSONValue(ByteBuffer(bytes: text)) }
        }
        #expect(throws: JSONError.self) { try JSONValue(ByteBuffer(bytes: bytes + Array("{}".utf8))) }
    }

    @Test func anErrorSaysWhere() {
        #expect(
            #expect(throws: JSONError.self) { try read(#"{"event":"j",}"#) }?.description
                == "a comma is followed by a closing bracket (byte 14)")
        #expect(
            #expect(throws: JSONError.self) { try read(#"{"event":"j" "quantity":1}"#) }?.description
                == "a comma or a closing bracket is expected (byte 14)")
    }

    /// Names are compared by their scalars: the composed and the decomposed form of é are two names.
    @Test func canonicallyEquivalentNamesAreDifferent() throws {
        guard case .object(let members) = try read("{\"é\":1,\"e\u{301}\":2}") else { return #expect(Bool(false)) }
        #expect(members.count == 2)
    }

    @Test func theDepthIsBounded() throws {
        func nested(_ depth: Int, _ open: String, _ inner: String, _ close: String) -> String {
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        #expect(throws: Never.self) { try read(nested(64, "[", "", "]")) }
        #expect(throws: Never.self) { try read(nested(64, "{\"a\":", "1", "}")) }
        for text in [
            nested(65, "[", "", "]"), nested(65, "{\"a\":", "1", "}"), nested(100_000, "[", "", ""),
            nested(100_000, "[{\"a\":", "", ""),
        ] {
            #expect(#expect(throws: JSONError.self) { try read(text) }?.flaw == .tooDeep)
        }
        // Neighbours are not nested.
        #expect(throws: Never.self) { try read("[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]") }
    }
}

@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        guard case .number(let number) = try read(text) else { throw JSONError(flaw: .noValue, offset: 0) }
        return number
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("-0.0e5", 0), ("0e999999999999999999999", 0), ("7", 7), ("-7", -7), ("1.0", 1),
        ("1e0", 1),
        ("1E+2", 100), ("10e-1", 1), ("0.5e1", 5), ("0.001e3", 1), ("1.50e1", 15), ("1e18", 1_000_000_000_000_000_000),
        ("9223372036854775807", .max), ("9223372036854775807.000", .max), ("-9223372036854775808", .min),
        ("100000000000000000000e-20", 1),
    ])
    func wholeNumbersAreExact(text: String, value: Int) throws {
        #expect(try number(text).integer == value)
    }

    @Test(arguments: [
        "1.5", "0.1", "1e-1", "1.00000000000000000001", "9223372036854775808", "-9223372036854775809", "1e19", "1e400",
        "1e99999999999999999999", "1e-99999999999999999999", "99999999999999999999",
    ])
    func otherNumbersAreNone(text: String) throws {
        #expect(try number(text).integer == nil)
    }

    @Test func aNumberIsItsValue() throws {
        #expect(try number("1.0") == number("10e-1"))
        #expect(try number("0.10") == number("1e-1"))
        #expect(try number("-0") == number("0"))
        #expect(try number("1.00000000000000000001") != number("1"))
    }
}
