import ArgumentParser
import Environment
import Foundation
import Logging
import Runtime

/// The entry point of the program `API`.
package enum Program {
    /// Runs the HTTP service with the process's arguments. Exits the process if the arguments or the settings are invalid.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "API",
        abstract: "The HTTP service of TicketBlitz. It sells tickets and never oversells.",
        discussion:
            "Every option has an environment variable, named at the end of its description. The option has precedence.")

    @Option(help: "Address to listen on. HOST (default: 127.0.0.1)")
    var host: String?

    @Option(help: "Port to listen on. PORT (default: 9090)")
    var port: String?

    @Option(help: "Bearer token of the admin routes; without it they respond 403. ADMIN_TOKEN (default: none)")
    var adminToken: String?

    @Option(help: "true opens /reset and /lab, and creates the event 'demo' with 100 tickets. DEMO (default: false)")
    var demo: String?

    @Option(help: "Orders in the queue at which POST /buy responds 503. MAX_QUEUE_DEPTH (default: 1000000)")
    var maxQueueDepth: String?

    @Option(help: "Maximum number of open client connections. MAX_CONNECTIONS (default: 10000)")
    var maxConnections: String?

    @Option(help: "Requests per second from one client address; 0 for no limit. RATE_LIMIT (default: 0)")
    var rateLimit: String?

    @Option(help: "Requests that one client address can send at once. RATE_LIMIT_BURST (default: twice RATE_LIMIT)")
    var rateLimitBurst: String?

    @Option(
        help:
            "Proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8,::1; from other peers it is ignored. TRUSTED_PROXIES (default: none)"
    )
    var trustedProxies: String?

    @OptionGroup(title: "Stores and logs")
    var stores: StoreOptions

    func run() async throws {
        let settings: APISettings
        do throws(SettingsError) {
            settings = try APISettings(Settings(flags: flags))
        } catch {
            Exit.now(SettingsError.exitCode, "API: \(error.description)")
        }
        Logs.bootstrap(settings.stores)
        Metering.bootstrap()
        FileLimit.raise()
        do throws(PortInUse) {
            try PortInUse.check(host: settings.host, port: settings.port)
        } catch {
            Exit.now(1, "API: \(error.description)")
        }
        do {
            try await Self.serve(settings)
        } catch let error as UnsafeSettings {
            Exit.now(SettingsError.exitCode, "API: \(error)")
        } catch {
            Exit.now(1, "API: \(error)")
        }
    }

    private var flags: [String: String?] {
        stores.flags.merging([
            "HOST": host, "PORT": port, "ADMIN_TOKEN": adminToken, "DEMO": demo, "MAX_QUEUE_DEPTH": maxQueueDepth,
            "MAX_CONNECTIONS": maxConnections, "RATE_LIMIT": rateLimit, "RATE_LIMIT_BURST": rateLimitBurst,
            "TRUSTED_PROXIES": trustedProxies,
        ]) { $1 }
    }
}
