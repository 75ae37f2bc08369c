import ArgumentParser
import Environment
import Foundation
import Logging
import RedisClient
import RedisSchema
import Runtime
import Webhooks

/// The entry point of this module; a program is a file that calls it.
package enum Program {
    /// Runs the HTTP service with the arguments of the process. Ends the process if an argument or a setting is invalid.
    package static func main() async { await App.main() }
}

struct App: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "API",
        abstract: "The HTTP service of TicketBlitz: sells the tickets of an event, and never more than it has.",
        discussion: "Each option has an environment variable, named at the end of its line; the option overrides it.",
        subcommands: [MigrateCommand.self])

    @Option(APISettings.host) var host: GivenOption?
    @Option(APISettings.port) var port: GivenOption?
    @Option(APISettings.adminToken) var adminToken: GivenOption?
    @Option(APISettings.adminTokensFile) var adminTokensFile: GivenOption?
    @Option(APISettings.customerTokensKey) var customerTokensKey: GivenOption?
    @Option(APISettings.customerTokensAudience) var customerTokensAudience: GivenOption?
    @Option(APISettings.demo) var demo: GivenOption?
    @Option(APISettings.maxQueueDepth) var maxQueueDepth: GivenOption?
    @Option(APISettings.maxConnections) var maxConnections: GivenOption?
    @Option(APISettings.maxConnectionsPerAddress) var maxConnectionsPerAddress: GivenOption?
    @Option(APISettings.idleTimeout) var idleTimeout: GivenOption?
    @Option(APISettings.rateLimit) var rateLimit: GivenOption?
    @Option(APISettings.rateLimitBurst) var rateLimitBurst: GivenOption?
    @Option(APISettings.trustedProxies) var trustedProxies: GivenOption?
    @Option(APISettings.proofURL) var proofURL: GivenOption?
    @Option(APISettings.proofTimeout) var proofTimeout: GivenOption?
    @Option(APISettings.proofFailure) var proofFailure: GivenOption?
    @Option(WebhookSettings.allowPrivate) var webhookAllowPrivate: GivenOption?

    @OptionGroup(title: "Stores and logs")
    var stores: StoreOptions

    /// For benchmarks, which call a script with arguments of their own.
    @Option(help: ArgumentHelp("Prints a Lua script as it is loaded into Redis, and exits.", visibility: .hidden))
    var printScript: String?

    func run() async throws {
        if let printScript {
            guard let script = Scripts.all.first(where: { $0.name == printScript }) else {
                Exit.now(64, "API: there is no script '\(printScript)'")
            }
            return print(script.source)
        }
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
}
