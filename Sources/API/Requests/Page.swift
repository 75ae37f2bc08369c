import Domain
import Hummingbird

/// A page of results: `?limit=` entries (default 100, maximum 1000) after the id `?after=`.
struct Page {
    static let limitRange = 1...1000

    var limit = 100
    /// Empty for the first page.
    var after = ""

    init(_ request: Request) throws(Problem) {
        let parameters = request.uri.queryParameters
        if let text = parameters["limit"] {
            guard let value = Int(text), Self.limitRange.contains(value) else {
                let range = Self.limitRange
                throw .invalid(
                    "limit", "limit must be a whole number from \(range.lowerBound) to \(range.upperBound).")
            }
            limit = value
        }
        if let id = parameters["after"] { after = try EventID(checked: String(id), field: "after").description }
    }
}
