import Environment
import Runtime

/// The settings of the API; docs/configuration.md describes them.
struct APISettings: Sendable {
    var stores: StoreSettings
    var host: String
    var port: Int
    var adminToken: String?
    var isDemo: Bool
    var queueLimit: Int
    var connectionLimit: Int
    /// Nil: clients have no rate limit.
    var rateLimit: RateLimit?
    var trustedProxies: TrustedProxies

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        host = settings.text("HOST", default: "127.0.0.1")
        port = try settings.integer("PORT", default: 9090, in: 0...65535)
        adminToken = try settings.secret("ADMIN_TOKEN")
        isDemo = try settings.flag("DEMO", default: false)
        queueLimit = try settings.integer("MAX_QUEUE_DEPTH", default: 1_000_000, in: 1...1_000_000_000)
        connectionLimit = try settings.integer("MAX_CONNECTIONS", default: 10_000, in: 1...1_000_000)
        let perSecond = try settings.integer("RATE_LIMIT", default: 0, in: 0...1_000_000)
        let burst = try settings.integer("RATE_LIMIT_BURST", default: max(1, 2 * perSecond), in: 1...10_000_000)
        rateLimit = perSecond > 0 ? RateLimit(perSecond: perSecond, burst: burst) : nil
        let proxies = settings.text("TRUSTED_PROXIES", default: "")
        guard let trusted = TrustedProxies(proxies) else {
            throw Settings.bad(
                "TRUSTED_PROXIES", proxies, "addresses or ranges, separated by commas, such as 10.0.0.0/8,fd00::/8")
        }
        trustedProxies = trusted
    }
}
