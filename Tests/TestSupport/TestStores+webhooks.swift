package import Domain
import Ledger
package import Webhooks

extension TestStores {
    /// Registers an endpoint, and returns its secret.
    @discardableResult
    package func register(
        _ id: String, _ url: String?, types: [ChangeType]? = nil, events: [EventID]? = nil
    ) async throws -> WebhookSecret {
        let secret = WebhookSecret()
        _ = try await ledger.putWebhook(id, secret: secret.text, by: .test) { _ in
            WebhookTerms(url: url, types: types, events: events)
        }
        return secret
    }
}
