/// The requests of waiting rooms and waiting lists.
extension APIRequest {
    /// - Parameters:
    ///   - key: stands for the person, if there is no customer; nil for a place that cannot be asked for again.
    ///   - proof: what the shop's own check wants to see (`PROOF_URL`).
    public static func joinRoom(
        _ event: String, customer: String? = nil, key: IdempotencyKey?, proof: String? = nil, token: String? = nil
    ) -> APIRequest {
        let body = customer.map { #"{"customer":\#(quoted($0))}"# }
        return APIRequest(
            .post, "/events/\(segment(event))/room", body: body, key: key, token: token, proof: proof)
    }

    /// - Parameter wait: how long the API waits for another state before it answers, in whole seconds up to 30.
    public static func roomPlace(_ place: String, waiting wait: Duration = .zero) -> APIRequest {
        APIRequest(.get, "/room/\(segment(place))" + query(waiting: wait))
    }

    public static func room(_ event: String) -> APIRequest { APIRequest(.get, "/events/\(segment(event))/room") }

    /// - Parameter key: nil for a place that cannot be asked for again.
    public static func joinWaitlist(
        _ event: String, quantity: Int = 1, customer: String? = nil, key: IdempotencyKey?, token: String? = nil
    ) -> APIRequest {
        let customer = customer.map { #","customer":\#(quoted($0))"# } ?? ""
        return APIRequest(
            .post, "/events/\(segment(event))/waitlist", body: #"{"quantity":\#(quantity)\#(customer)}"#, key: key,
            token: token)
    }

    public static func waitlistPlace(_ ticket: String) -> APIRequest {
        APIRequest(.get, "/waitlist/\(segment(ticket))")
    }

    public static func leaveWaitlist(_ ticket: String) -> APIRequest {
        APIRequest(.delete, "/waitlist/\(segment(ticket))")
    }
}
