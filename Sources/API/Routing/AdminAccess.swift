import HTTPTypes
import Hashing
import Hummingbird

/// Checks access to the admin routes.
struct AdminAccess: Sendable {
    /// The bearer token; nil disables the admin routes.
    let token: String?
    /// Whether `POST /reset` is open to every client (`DEMO=true`).
    let isDemo: Bool

    /// Throws `admin-disabled` without a configured token, `unauthorized` if the request's token differs.
    func checkAdmin(_ request: Request) throws(Problem) {
        guard let token else {
            throw Problem(.adminDisabled, "Start the API with ADMIN_TOKEN to enable the admin routes.")
        }
        guard let given = Self.bearerToken(request.headers[.authorization] ?? ""), Self.isEqual(given, token) else {
            var problem = Problem(.unauthorized, "Send the header Authorization: Bearer TOKEN with the admin token.")
            problem.headers[.wwwAuthenticate] = "Bearer"
            throw problem
        }
    }

    /// As ``checkAdmin(_:)``, but in a demo every client has access.
    func checkAdminOrDemo(_ request: Request) throws(Problem) {
        if !isDemo { try checkAdmin(request) }
    }

    /// The token of `Bearer TOKEN`. The scheme is case-insensitive (RFC 9110, section 11.1).
    private static func bearerToken(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    /// Compares digests, so that the time reveals neither the token nor its length.
    static func isEqual(_ given: String, _ wanted: String) -> Bool {
        SHA256Digest(Array(given.utf8)).isEqual(to: SHA256Digest(Array(wanted.utf8)))
    }
}
