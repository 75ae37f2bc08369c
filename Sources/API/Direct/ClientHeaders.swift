import HTTPTypes
import NIOHTTP1

/// The headers that determine what a purchase or a place in a waiting room is, and whose.
struct ClientHeaders: Hashable, Sendable {
    var contentType: String?
    /// The values of `Idempotency-Key`; one at most is valid.
    var keys: [String] = []
    /// The values of `Authorization`. They matter only with CUSTOMER_TOKENS_KEY.
    var authorization: [String] = []
    /// The values of `X-Forwarded-For`.
    var forwardedFor: [String] = []
    /// The values of `Admission-Pass`; one at most is valid.
    var passes: [String] = []
    /// The values of `Admission-Proof`.
    var proofs: [String] = []

    init(
        contentType: String?, keys: [String], authorization: [String] = [], forwardedFor: [String] = [],
        passes: [String] = [], proofs: [String] = []
    ) {
        self.contentType = contentType
        self.keys = keys
        self.authorization = authorization
        self.forwardedFor = forwardedFor
        self.passes = passes
        self.proofs = proofs
    }

    init?(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 12 where name.isSameField(as: "content-type"):
                guard contentType == nil else { return nil }
                contentType = value
            case 13 where name.isSameField(as: "authorization"): authorization.append(value)
            case 14 where name.isSameField(as: "content-length"):
                guard let length = Int(value), length <= BodyLimit.standard else { return nil }
            case 14 where name.isSameField(as: "admission-pass"): passes.append(value)
            case 15 where name.isSameField(as: "idempotency-key"): keys.append(value)
            case 15 where name.isSameField(as: "admission-proof"): proofs.append(value)
            case 15 where name.isSameField(as: "x-forwarded-for"): forwardedFor.append(value)
            case _ where name.changesReading: return nil
            default: break
            }
        }
    }

    /// The headers of a request of the router.
    init(_ fields: HTTPFields) {
        self.init(
            contentType: fields[.contentType], keys: fields[values: .idempotencyKey],
            authorization: fields[values: .authorization], forwardedFor: fields[values: .forwardedFor],
            passes: fields[values: .admissionPass], proofs: fields[values: .admissionProof])
    }
}
