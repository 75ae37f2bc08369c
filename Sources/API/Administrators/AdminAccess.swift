import Domain
import HTTPTypes
import Hashing
import Hummingbird
import Runtime

/// Checks access to the admin routes.
struct AdminAccess: Sendable {
    private struct Entry: Sendable {
        let digest: SHA256Digest
        let administrator: Administrator
    }

    /// Empty: the admin routes are disabled.
    private let entries: [Entry]
    /// Whether `POST /reset` is open to every client (`DEMO=true`).
    let isDemo: Bool
    /// The proxies that say where a request comes from.
    let proxies: TrustedProxies

    /// - Parameters:
    ///   - token: the token of the operator `admin`.
    ///   - named: the tokens of the file.
    init(token: String?, named: AdminTokens = .none, isDemo: Bool, proxies: TrustedProxies = .none) {
        let own = token.map { Entry(digest: SHA256Digest(Array($0.utf8)), administrator: .admin) }
        entries =
            [own].compactMap { $0 }
            + named.all.map { Entry(digest: SHA256Digest(Array($0.token.utf8)), administrator: $0.administrator) }
        self.isDemo = isDemo
        self.proxies = proxies
    }

    /// Who sends the request, for a route that only reads: an administrator of any role.
    ///
    /// - Throws: `admin-disabled` if no token is configured, `unauthorized` if the request has none of them.
    func viewer(_ request: Request) throws(Problem) -> Administrator {
        guard !entries.isEmpty else {
            throw Problem(
                .adminDisabled, "Start the API with ADMIN_TOKEN or ADMIN_TOKENS_FILE to enable the admin routes.")
        }
        guard let administrator = administrator(request) else {
            var problem = Problem(.unauthorized, "Send the header Authorization: Bearer TOKEN with an admin token.")
            problem.headers[.wwwAuthenticate] = "Bearer"
            throw problem
        }
        return administrator
    }

    /// The author of what the request changes, for a route that changes something: an operator. Throws `forbidden` for a
    /// viewer, and as ``viewer(_:)``.
    func `operator`(_ request: Request, _ context: APIRequestContext) throws(Problem) -> AuditAuthor {
        let administrator = try viewer(request)
        guard administrator.role == .operator else {
            throw Problem(.forbidden, "The token is that of a viewer, who can read and change nothing.")
        }
        return author(administrator, request, context)
    }

    /// As ``operator(_:_:)``, but in a demo every client has access: without the token of an operator it is
    /// ``Administrator/demo``.
    func operatorOrDemo(_ request: Request, _ context: APIRequestContext) throws(Problem) -> AuditAuthor {
        guard isDemo else { return try self.operator(request, context) }
        let known = administrator(request).flatMap { $0.role == .operator ? $0 : nil }
        return author(known ?? .demo, request, context)
    }

    private func author(
        _ administrator: Administrator, _ request: Request, _ context: APIRequestContext
    ) -> AuditAuthor {
        let client = ClientSource(peer: context.peer, forwardedFor: request.headers[values: .forwardedFor])
        return AuditAuthor(
            actor: administrator.name, requestID: context.requestID.description,
            address: client.address(trusting: proxies)?.description)
    }

    /// Whether a request for something that is kept for a moment has to be read from the stores: `Cache-Control: no-cache`
    /// with an admin token of any role. Other clients cannot cause a reading.
    func wantsFresh(_ request: Request) -> Bool {
        guard let value = request.headers[.cacheControl] else { return false }
        let directives = value.split(separator: ",").map { $0.trimmingPrefix { $0 == " " || $0 == "\t" }.lowercased() }
        guard directives.contains(where: { $0.prefix { $0 != " " && $0 != "\t" } == "no-cache" }) else { return false }
        return administrator(request) != nil
    }

    /// The token of `Bearer TOKEN`. The scheme is case-insensitive (RFC 9110, section 11.1).
    static func bearerToken(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    private func administrator(_ request: Request) -> Administrator? {
        Self.bearerToken(request.headers[.authorization] ?? "").flatMap { administrator(of: $0) }
    }

    /// The administrator that a token belongs to. Digests of all tokens are compared, so that the time reveals neither a token,
    /// nor its length, nor which one it is.
    func administrator(of token: String) -> Administrator? {
        let given = SHA256Digest(Array(token.utf8))
        var found = -1
        for (index, entry) in entries.enumerated() { found = given.isEqual(to: entry.digest) ? index : found }
        return found < 0 ? nil : entries[found].administrator
    }
}
