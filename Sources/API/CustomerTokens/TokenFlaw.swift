import HTTPTypes

/// Why a token is refused.
enum TokenFlaw: Error, Hashable {
    case notBearer, tooLong, malformed, algorithm, type, critical, unknownKey, signature
    case claim(String)
    case expired, notYetValid, audience

    /// One phrase without quotation marks, and without anything of the token.
    var description: String {
        switch self {
        case .notBearer: "Authorization must be sent once, as Bearer TOKEN"
        case .tooLong: "the token has more than \(SignedToken.lengthLimit) bytes"
        case .malformed: "the token is not a JWT in compact form"
        case .algorithm: "the alg of the token is not accepted"
        case .type: "the typ of the token is not JWT"
        case .critical: "the token has a crit, which is not supported"
        case .unknownKey: "no key has the alg and the kid of the token"
        case .signature: "the signature of the token is not valid"
        case .claim(let name): "the claim \(name) of the token is missing or not valid"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .audience: "the token is for another audience"
        }
    }
}

extension Problem {
    init(_ flaw: TokenFlaw) {
        let phrase = flaw.description
        self.init(.unauthorized, phrase.prefix(1).uppercased() + phrase.dropFirst() + ".")
        // RFC 6750, section 3.
        headers[.wwwAuthenticate] = #"Bearer error="invalid_token", error_description="\#(phrase)""#
    }
}
