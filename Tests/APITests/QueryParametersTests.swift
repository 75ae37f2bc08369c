import Testing

@testable import API

@Suite struct QueryParametersTests {
    private func read(_ query: String) throws -> String? {
        try QueryParameters(query, known: ["a", "b"])["a"]
    }

    @Test(arguments: [
        ("", nil), ("a=1", "1"), ("b=2&a=x%20y", "x y"), ("a=x+y", "x y"), ("a=x%2By", "x+y"), ("a=", ""),
        ("a=b=c", "b=c"), ("&&a=1&", "1"), ("%61=1", "1"), ("a=%C3%A9", "é"), ("b=1", nil),
    ])
    func valid(query: String, value: String?) throws { #expect(try read(query) == value) }

    @Test(arguments: ["a=1&a=2", "c=1", "a=%", "a=%2", "a=%zz", "a=%ff", "A=1", "a", "a%5B%5D=1", "a=1&%61=1"])
    func invalid(query: String) { #expect(throws: Problem.self) { try read(query) } }
}
