import Domain
import Runtime

/// The setting CUSTOMER_TOKENS: `customer` is the subject of a token that the shop in front has signed, and nothing else.
struct CustomerTokens: Sendable {
    /// How much the clocks of the shop and of this machine may differ, in seconds.
    static let skew = 30

    let keys: TokenKeys
    /// The value that the claim `aud` must contain; nil: a token must not have the claim (RFC 7519, section 4.1.3).
    let audience: String?

    /// The customer of a purchase; nil if it is anonymous, because it has no token.
    ///
    /// - Parameters:
    ///   - authorization: the values of all fields `Authorization`.
    ///   - named: the customer that the body names. It must be the token's, so that a shop can send both while it changes to
    ///     tokens.
    ///   - now: the time of this machine's clock.
    func customer(
        _ authorization: [String], named: String?, at now: Timestamp
    ) throws(Problem) -> String? {
        let customer: String?
        do throws(TokenFlaw) {
            customer = try subject(authorization, at: now)
        } catch {
            throw Problem(error)
        }
        guard let named else { return customer }
        guard let customer else {
            throw .invalid("customer", "customer is the subject of a token: send one in the header Authorization.")
        }
        guard named.utf8.elementsEqual(customer.utf8) else {
            throw .invalid("customer", "customer must be the subject of the token, or be omitted.")
        }
        return customer
    }

    private func subject(_ authorization: [String], at now: Timestamp) throws(TokenFlaw) -> String? {
        guard let header = authorization.first else { return nil }
        guard authorization.count == 1, let text = AdminAccess.bearerToken(header) else { throw .notBearer }
        return try subject(of: try SignedToken(text).claims(keys), at: now)
    }

    private func subject(of claims: JSONValue, at now: Timestamp) throws(TokenFlaw) -> String {
        let seconds = Int(now.milliseconds / 1000)
        guard let end = claims.seconds("exp") else { throw .claim("exp") }
        guard end > seconds - Self.skew else { throw .expired }
        if claims["nbf"] != nil {
            guard let start = claims.seconds("nbf") else { throw .claim("nbf") }
            guard start <= seconds + Self.skew else { throw .notYetValid }
        }
        try checkAudience(claims["aud"])
        guard let customer = claims.text("sub"), BuyRequest.isCustomer(customer) else { throw .claim("sub") }
        return customer
    }

    private func checkAudience(_ claim: JSONValue?) throws(TokenFlaw) {
        let values: [JSONValue] =
            switch claim {
            case nil: []
            case .array(let values): values
            case let value?: [value]
            }
        var names: [String] = []
        for value in values {
            guard case .string(let name) = value else { throw .claim("aud") }
            names.append(name)
        }
        guard let audience else {
            guard claim == nil else { throw .audience }
            return
        }
        guard claim != nil else { throw .claim("aud") }
        guard names.contains(where: { $0.utf8.elementsEqual(audience.utf8) }) else { throw .audience }
    }
}

extension JSONValue {
    /// A time of a claim, in whole seconds since 1970 (NumericDate; RFC 7519, section 2).
    fileprivate func seconds(_ name: String) -> Int? {
        guard case .number(let number) = self[name] else { return nil }
        return number.truncated
    }
}
