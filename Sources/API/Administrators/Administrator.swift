import Domain

/// What an administrator may do.
enum AdminRole: String, Sendable {
    /// Reads everything and changes nothing.
    case viewer
    /// Reads and changes everything.
    case `operator`
}

/// Who sends a request to an admin route.
struct Administrator: Hashable, Sendable {
    let name: String
    let role: AdminRole

    /// Whoever has ADMIN_TOKEN.
    static let admin = Administrator(name: "admin", role: .operator)
    /// Any client of a demo.
    static let demo = Administrator(name: "demo", role: .operator)

    /// Names that no token of the file can have.
    static let reservedNames: Set<String> = [admin.name, demo.name]
}

extension AuditAuthor {
    /// The author of what a demo needs, which the API makes when it starts.
    static let demoStart = AuditAuthor(actor: Administrator.demo.name, requestID: nil, address: nil)
}
