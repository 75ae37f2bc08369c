import HTTPTypes
import Hummingbird

/// Who may use the admin routes.
struct AdminAccess: Sendable {
    /// Nil: nobody.
    let token: String?
    /// Whether resetting is open to everyone.
    let isDemo: Bool

    func checkAdmin(_ request: Request) throws(Problem) {
        guard let token else {
            throw Problem(.adminDisabled, "Start the API with ADMIN_TOKEN to switch the admin routes on.")
        }
        guard let given = Self.bearerToken(request.headers[.authorization] ?? ""), Self.isEqual(given, token) else {
            var problem = Problem(.unauthorized, "Send the header Authorization: Bearer TOKEN with the admin token.")
            problem.headers[.wwwAuthenticate] = "Bearer"
            throw problem
        }
    }

    func checkAdminOrDemo(_ request: Request) throws(Problem) {
        if !isDemo { try checkAdmin(request) }
    }

    /// The token of `Bearer TOKEN`; the scheme's letters may be of either case (RFC 9110, section 11.1).
    private static func bearerToken(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    /// Compares in a time that depends on the given text's length only, so that nothing of the token can be timed.
    static func isEqual(_ given: String, _ wanted: String) -> Bool {
        let wanted = Array(wanted.utf8)
        var difference = UInt8(given.utf8.count == wanted.count ? 0 : 1)
        for (index, byte) in given.utf8.enumerated() { difference |= byte ^ wanted[index % wanted.count] }
        return difference == 0
    }
}
