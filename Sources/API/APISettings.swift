import Environment
import Runtime
import Webhooks

/// The settings of the API.
struct APISettings: Sendable {
    var stores: StoreSettings
    var host: String
    var port: Int
    /// The token of the operator `admin`.
    var adminToken: String?
    var adminTokens: AdminTokens
    /// Nil: the body of a purchase names its customer.
    var customerTokens: CustomerTokens?
    var isDemo: Bool
    var queueLimit: Int
    var connections: ConnectionLimits
    /// In seconds.
    var idleTimeout: Int
    /// Nil: no limit.
    var rateLimit: RateLimit?
    var trustedProxies: TrustedProxies
    /// Nil: everybody may join a waiting room.
    var proof: ProofSettings?
    /// Whether webhooks may have addresses of private networks.
    var allowsPrivateWebhooks: Bool

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        host = try settings.value(of: Self.host)
        port = try settings.value(of: Self.port)
        adminToken = try settings.value(of: Self.adminToken)
        adminTokens = try settings.value(of: Self.adminTokensFile)
        if let adminToken {
            do throws(AdminTokensFlaw) { try adminTokens.checkUnused(adminToken) } catch { throw Self.bad(error) }
        }
        customerTokens = try Self.customerTokens(settings)
        isDemo = try settings.value(of: Self.demo)
        queueLimit = try settings.value(of: Self.maxQueueDepth)
        connections = ConnectionLimits(
            total: try settings.value(of: Self.maxConnections),
            perAddress: try settings.value(of: Self.maxConnectionsPerAddress).nonZero)
        idleTimeout = try settings.value(of: Self.idleTimeout)
        let perSecond = try settings.value(of: Self.rateLimit)
        let burst = try settings.value(of: Self.rateLimitBurst) ?? max(1, 2 * perSecond)
        rateLimit = perSecond > 0 ? RateLimit(perSecond: perSecond, burst: burst) : nil
        trustedProxies = try settings.value(of: Self.trustedProxies)
        proof = try ProofSettings(settings)
        allowsPrivateWebhooks = try settings.value(of: WebhookSettings.allowPrivate)
    }

    private static func customerTokens(_ settings: Settings) throws(SettingsError) -> CustomerTokens? {
        let audience = try settings.value(of: customerTokensAudience)
        guard let keys = try settings.value(of: customerTokensKey) else {
            guard audience == nil else {
                throw SettingsError(description: "CUSTOMER_TOKENS_AUDIENCE is set, but CUSTOMER_TOKENS_KEY is not")
            }
            return nil
        }
        return CustomerTokens(keys: keys, audience: audience)
    }
}

extension APISettings {
    /// In the order of `--help` and docs/configuration.md.
    static let table = [
        host.entry, port.entry, adminToken.entry, adminTokensFile.entry, customerTokensKey.entry,
        customerTokensAudience.entry, demo.entry,
        maxQueueDepth.entry, maxConnections.entry,
        maxConnectionsPerAddress.entry, idleTimeout.entry,
        rateLimit.entry, rateLimitBurst.entry, trustedProxies.entry, proofURL.entry, proofTimeout.entry,
        proofFailure.entry,
        WebhookSettings.allowPrivate.entry,
    ]

    static let host = Setting<String>("HOST", default: "127.0.0.1", "address to listen on")

    static let port = Setting<Int>(
        "PORT", default: 9090, in: 0...65535, "port to listen on",
        note: "the API refuses to start if the port is taken on IPv4 or IPv6")

    static let adminToken = Setting<String?>(
        secret: "ADMIN_TOKEN",
        "bearer token of the admin routes, of the operator `admin`; without this and the next setting they answer 403")

    static let adminTokensFile = Setting<AdminTokens>(
        SettingEntry(
            "ADMIN_TOKENS_FILE", default: .none,
            "file with up to 100 more admin tokens, on each line `name role token`; the role is `viewer` or `operator`")
    ) { path throws(SettingsError) in
        guard let path else { return .none }
        do throws(AdminTokensFlaw) { return try AdminTokens(contentsOf: path) } catch { throw bad(error) }
    }

    private static func bad(_ flaw: AdminTokensFlaw) -> SettingsError {
        SettingsError(description: "ADMIN_TOKENS_FILE cannot be used: \(flaw.description)")
    }

    static let customerTokensKey = Setting<TokenKeys?>(
        SettingEntry(
            "CUSTOMER_TOKENS_KEY", default: .none, isSecret: true,
            "keys that verify the tokens of customers: `HS256:SECRET` and `EdDSA:PUBLIC_KEY`, separated by commas, or a JWK "
                + "Set; with keys, `customer` is the subject of a token, and the body cannot name another one")
    ) { text throws(SettingsError) in
        guard let text else { return nil }
        do throws(TokenKeysFlaw) {
            return try TokenKeys(text)
        } catch {
            throw SettingsError(description: "CUSTOMER_TOKENS_KEY cannot be read: \(error.description)")
        }
    }

    static let customerTokensAudience = Setting<String?>(
        SettingEntry(
            "CUSTOMER_TOKENS_AUDIENCE", default: .none,
            "audience that the tokens of customers must name; without it they must not name any")
    ) { $0 }

    static let demo = Setting<Bool>(
        "DEMO", default: false,
        "`true` opens `/reset` and `/lab` to everyone and creates the event `demo` with 100 tickets; "
            + "never use it for a real sale")

    static let maxQueueDepth = Setting<Int>(
        "MAX_QUEUE_DEPTH", default: 1_000_000, in: 1...1_000_000_000,
        "number of queued orders of a partition at which `POST /buy` answers 503")

    static let maxConnections = Setting<Int>(
        "MAX_CONNECTIONS", default: 10_000, in: 1...1_000_000, "maximum number of simultaneous client connections",
        note: "if all are used, idle connections make way for new ones")

    static let maxConnectionsPerAddress = Setting<Int>(
        "MAX_CONNECTIONS_PER_ADDRESS", default: 0, in: 0...1_000_000,
        "maximum number of simultaneous connections of one client address (a /64 for IPv6)",
        note: "0: no limit; addresses in `TRUSTED_PROXIES` have none")

    static let idleTimeout = Setting<Int>(
        "IDLE_TIMEOUT", default: 75, in: 1...3600,
        "seconds without a request, or without progress of a response, after which a connection is closed",
        note: "must be longer than the idle time of a load balancer, which is often 60 seconds")

    static let rateLimit = Setting<Int>(
        "RATE_LIMIT", default: 0, in: 0...1_000_000, "requests per second of one client address (a /64 for IPv6)",
        note: "0: no limit")

    static let rateLimitBurst = Setting<Int?>(
        "RATE_LIMIT_BURST", default: "twice `RATE_LIMIT`", in: 1...10_000_000,
        "requests that one client address may send at once")

    static let trustedProxies = Setting<TrustedProxies>(
        SettingEntry(
            "TRUSTED_PROXIES", default: .none,
            "comma-separated addresses or ranges of proxies (`10.0.0.0/8,::1`) whose `X-Forwarded-For` names the "
                + "client; the header of any other peer is ignored")
    ) { text throws(SettingsError) in
        guard let proxies = TrustedProxies(text ?? "") else {
            throw Settings.bad(
                "TRUSTED_PROXIES", text ?? "", "comma-separated addresses or ranges, such as 10.0.0.0/8,fd00::/8")
        }
        return proxies
    }
}

extension Int {
    fileprivate var nonZero: Int? { self == 0 ? nil : self }
}
