import Ledger
import Runtime
import Webhooks

/// Where the messages of an endpoint go to, and what signs them.
struct WebhookTarget: Sendable {
    let id: String
    private let client: WebhookClient
    private var secrets: [WebhookSecret]
    private var resolved = ContinuousClock.now
    private let address: IPAddress

    /// How long an address is used before its name is resolved again.
    private static let addressLifetime = Duration.seconds(30)

    /// Throws if the URL or one of its addresses may not be used.
    init(_ turn: WebhookTurn, _ sending: WebhookSending) async throws {
        id = turn.id
        secrets = Self.secrets(turn)
        let url = try WebhookURL(turn.url, allowsPrivate: sending.allowsPrivate)
        address = try await Self.address(of: url, isFailing: turn.failures > 0, sending)
        client = Self.client(url, address, sending)
    }

    /// Takes over the present secrets. False if the URL is another one now, or if its name has the address no more.
    mutating func isCurrent(_ turn: WebhookTurn, _ sending: WebhookSending) async throws -> Bool {
        secrets = Self.secrets(turn)
        guard try WebhookURL(turn.url, allowsPrivate: sending.allowsPrivate) == client.url else { return false }
        guard ContinuousClock.now - resolved > Self.addressLifetime else { return true }
        resolved = .now
        return try await sending.resolver.addresses(of: client.url.host).contains(address)
    }

    func send(_ message: WebhookMessage) async -> WebhookAnswer { await client.send(message, secrets: secrets) }

    func close() async { await client.close() }

    private static func secrets(_ turn: WebhookTurn) -> [WebhookSecret] {
        [turn.secret, turn.previousSecret].compactMap { $0.flatMap { WebhookSecret($0) } }
    }

    /// The address that the system prefers; after a failure any of them, so that one that does not answer is not the only one
    /// that is tried.
    private static func address(
        of url: WebhookURL, isFailing: Bool, _ sending: WebhookSending
    ) async throws -> IPAddress {
        let addresses = try await sending.resolver.addresses(of: url.host)
        guard let address = isFailing ? addresses.randomElement() : addresses.first else {
            throw UnreachableHost(description: "the host name has no address")
        }
        return address
    }

    private static func client(_ url: WebhookURL, _ address: IPAddress, _ sending: WebhookSending) -> WebhookClient {
        WebhookClient(
            url, address: address, concurrency: sending.concurrency, roots: sending.roots, group: sending.group)
    }
}
