import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TicketBlitzClient

/// The health check of a container: the image has no shell and no curl.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Asks the API or a Worker on the same machine whether it can serve.",
        discussion: "Exit code 0: it is ready. 1: it is not ready, or does not answer.")

    @Option(help: "URL to request. (default: /readyz on METRICS_PORT if set, else on PORT, else on 9090)")
    var url: String?

    private var address: String {
        let environment = ProcessInfo.processInfo.environment
        let port = [environment["METRICS_PORT"], environment["PORT"]].compactMap(\.self).first { !$0.isEmpty }
        return url ?? "http://127.0.0.1:\(port ?? "9090")/readyz"
    }

    func run() async throws {
        let http = HTTPClient(configuration: SaleClient.httpConfiguration(connections: 1))
        let status: UInt?
        do {
            status = try await http.execute(HTTPClientRequest(url: address), timeout: .seconds(2)).status.code
        } catch {
            status = nil
        }
        try? await http.shutdown()
        guard status == 200 else {
            FileHandle.standardError.write(Data("\(address): \(status.map(String.init) ?? "no answer")\n".utf8))
            throw ExitCode.failure
        }
    }
}
