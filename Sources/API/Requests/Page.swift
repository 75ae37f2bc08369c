import Domain
import Hummingbird

/// A page of results: `?limit=` entries (default 100, maximum 1000) after the id `?after=`.
struct Page {
    static let limitRange = 1...1000

    var limit = 100
    /// Empty for the first page.
    var after = ""

    init(limit: Int = 100, after: String = "") {
        self.limit = limit
        self.after = after
    }

    init(_ request: Request) throws(Problem) {
        let parameters = request.uri.queryParameters
        limit = try Self.limit(parameters["limit"])
        if let id = parameters["after"] { after = try EventID(checked: String(id), field: "after").description }
    }

    /// The value of `?limit=`; 100 if it is absent.
    static func limit(_ text: Substring?) throws(Problem) -> Int {
        guard let text else { return 100 }
        guard let value = Int(text), limitRange.contains(value) else {
            let range = limitRange
            throw .invalid("limit", "limit must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }
}
