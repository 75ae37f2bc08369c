import Shared

/// Everything that the API can be told.
struct APISettings: Sendable {
    var stores: StoreSettings
    var host: String
    var port: Int
    var adminToken: String?
    var isDemo: Bool
    var queueLimit: Int
    var connectionLimit: Int

    init(_ settings: Settings) throws(SettingsError) {
        stores = try StoreSettings(settings)
        host = settings.text("HOST", default: "127.0.0.1")
        port = try settings.integer("PORT", default: 9090, in: 0...65535)
        adminToken = try settings.secret("ADMIN_TOKEN")
        isDemo = try settings.flag("DEMO", default: false)
        queueLimit = try settings.integer("MAX_QUEUE_DEPTH", default: 1_000_000, in: 1...1_000_000_000)
        connectionLimit = try settings.integer("MAX_CONNECTIONS", default: 10_000, in: 1...1_000_000)
    }
}
