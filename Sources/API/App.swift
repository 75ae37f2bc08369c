import ArgumentParser
import Environment
import Foundation
import Logging
import Runtime

/// This module's way in: a program is a file that calls it.
package enum Program {
    /// Runs the HTTP service with the process's arguments; ends the process where they, or a setting, cannot be used.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "API",
        abstract: "TicketBlitz's HTTP service: sells tickets, exactly as many as there are.",
        discussion: "Every option is a variable of the environment too, named at its end; the option wins.")

    @Option(help: "Address to listen on. HOST (default: 127.0.0.1)")
    var host: String?

    @Option(help: "Port to listen on. PORT (default: 9090)")
    var port: String?

    @Option(help: "Bearer token of the admin routes; unset, they answer 403. ADMIN_TOKEN (default: none)")
    var adminToken: String?

    @Option(help: "true opens /reset and /lab, and makes the event 'demo' with 100 tickets. DEMO (default: false)")
    var demo: String?

    @Option(help: "Orders on their way at which buying answers 503. MAX_QUEUE_DEPTH (default: 1000000)")
    var maxQueueDepth: String?

    @Option(help: "Connections of clients at the same time. MAX_CONNECTIONS (default: 10000)")
    var maxConnections: String?

    @Option(help: "Requests a second of one client's address; 0: as many as it likes. RATE_LIMIT (default: 0)")
    var rateLimit: String?

    @Option(help: "Requests that it may send at once. RATE_LIMIT_BURST (default: twice RATE_LIMIT)")
    var rateLimitBurst: String?

    @Option(
        help:
            "Proxies, as 10.0.0.0/8,::1, whose X-Forwarded-For names the client; no other's is believed. TRUSTED_PROXIES (default: none)"
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
