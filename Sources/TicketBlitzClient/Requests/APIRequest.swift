/// A request to the API, as ``SaleClient/attempt(_:timeout:)`` sends it.
public struct APIRequest: Hashable, Sendable {
    public enum Method: Hashable, Sendable { case get, post, put, delete }

    public var method: Method
    /// The path, with the query.
    public var path: String
    /// JSON; nil for none.
    public var body: String?
    /// Makes a purchase safe to repeat, and so a place in a waiting room or on a waiting list.
    public var key: IdempotencyKey?
    /// The token for `Authorization`: a customer's or an administrator's.
    public var token: String?
    /// The pass of a waiting room.
    public var pass: String?
    /// What the shop's own check wants to see of somebody who joins a waiting room.
    public var proof: String?

    public init(
        _ method: Method, _ path: String, body: String? = nil, key: IdempotencyKey? = nil, token: String? = nil,
        pass: String? = nil, proof: String? = nil
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.key = key
        self.token = token
        self.pass = pass
        self.proof = proof
    }
}

/// The requests of the sale.
extension APIRequest {
    /// - Parameters:
    ///   - event: nil for the API's default event.
    ///   - key: nil for a purchase that cannot be repeated.
    ///   - pass: of the event's waiting room, if it has one.
    public static func buy(
        _ event: String? = nil, quantity: Int = 1, customer: String? = nil, key: IdempotencyKey?, token: String? = nil,
        pass: String? = nil
    ) -> APIRequest {
        let event = event.map { #""event":\#(quoted($0)),"# } ?? ""
        let customer = customer.map { #","customer":\#(quoted($0))"# } ?? ""
        let body = #"{\#(event)"quantity":\#(quantity)\#(customer)}"#
        return APIRequest(.post, "/buy", body: body, key: key, token: token, pass: pass)
    }

    /// - Parameter wait: how long the API waits for the order to be settled before it answers, in whole seconds up to 30.
    public static func order(_ ticket: String, waiting wait: Duration = .zero) -> APIRequest {
        APIRequest(.get, "/orders/\(segment(ticket))" + query(waiting: wait))
    }

    public static func confirm(_ ticket: String) -> APIRequest {
        APIRequest(.post, "/orders/\(segment(ticket))/confirm")
    }

    public static func cancel(_ ticket: String) -> APIRequest {
        APIRequest(.post, "/orders/\(segment(ticket))/cancel")
    }

    public static func event(_ id: String) -> APIRequest { APIRequest(.get, "/events/\(segment(id))") }

    public static func events(after: String? = nil, count: Int = 100) -> APIRequest {
        APIRequest(.get, "/events?limit=\(count)" + (after.map { "&after=\(segment($0))" } ?? ""))
    }

    /// The query of a request that waits.
    static func query(waiting wait: Duration) -> String {
        let seconds = min(30, max(0, wait.components.seconds))
        return seconds > 0 ? "?wait=\(seconds)" : ""
    }

    /// A segment of a path, or a value of a query: all bytes but RFC 3986's unreserved ones are percent-encoded.
    static func segment(_ text: String) -> String {
        if text.utf8.allSatisfy(isUnreserved) { return text }
        return text.utf8.reduce(into: "") { result, byte in
            if isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// A string of JSON.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
