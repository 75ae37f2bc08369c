import Environment
import Runtime

/// The settings of the API.
struct APISettings: Sendable {
    var stores: StoreSettings
    var host: String
    var port: Int
    var adminToken: String?
    var isDemo: Bool
    var queueLimit: Int
    var connectionLimit: Int
    /// Nil: no limit.
    var rateLimit: RateLimit?
    var trustedProxies: TrustedProxies

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        host = try settings.value(of: Self.host)
        port = try settings.value(of: Self.port)
        adminToken = try settings.value(of: Self.adminToken)
        isDemo = try settings.value(of: Self.demo)
        queueLimit = try settings.value(of: Self.maxQueueDepth)
        connectionLimit = try settings.value(of: Self.maxConnections)
        let perSecond = try settings.value(of: Self.rateLimit)
        let burst = try settings.value(of: Self.rateLimitBurst) ?? max(1, 2 * perSecond)
        rateLimit = perSecond > 0 ? RateLimit(perSecond: perSecond, burst: burst) : nil
        trustedProxies = try settings.value(of: Self.trustedProxies)
    }
}

extension APISettings {
    /// In the order of `--help` and docs/configuration.md.
    static let table = [
        host.entry, port.entry, adminToken.entry, demo.entry, maxQueueDepth.entry, maxConnections.entry,
        rateLimit.entry, rateLimitBurst.entry, trustedProxies.entry,
    ]

    static let host = Setting<String>("HOST", default: "127.0.0.1", "address to listen on")

    static let port = Setting<Int>(
        "PORT", default: 9090, in: 0...65535, "port to listen on",
        note: "the API refuses to start if the port is taken on IPv4 or IPv6")

    static let adminToken = Setting<String?>(
        secret: "ADMIN_TOKEN", "bearer token of the admin routes; without a token they answer 403")

    static let demo = Setting<Bool>(
        "DEMO", default: false,
        "`true` opens `/reset` and `/lab` to everyone and creates the event `demo` with 100 tickets; "
            + "never use it for a real sale")

    static let maxQueueDepth = Setting<Int>(
        "MAX_QUEUE_DEPTH", default: 1_000_000, in: 1...1_000_000_000,
        "number of queued orders at which `POST /buy` answers 503")

    static let maxConnections = Setting<Int>(
        "MAX_CONNECTIONS", default: 10_000, in: 1...1_000_000, "maximum number of simultaneous client connections")

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
