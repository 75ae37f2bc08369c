import Environment
import Foundation

/// The settings PROOF_URL, PROOF_TIMEOUT and PROOF_FAILURE: a service of the shop that says who may join a waiting room.
struct ProofSettings: Hashable, Sendable {
    /// What follows if the service does not say anything.
    enum Failure: String, CaseIterable, Sendable {
        /// Everybody may join.
        case open
        /// Nobody may.
        case closed
    }

    var url: String
    /// In seconds.
    var timeout: Int
    var failure: Failure

    /// Nil without PROOF_URL.
    init?(_ settings: Settings) throws(SettingsError) {
        timeout = try settings.value(of: APISettings.proofTimeout)
        failure = try settings.value(of: APISettings.proofFailure)
        guard let url = try settings.value(of: APISettings.proofURL) else { return nil }
        self.url = url
    }
}

extension APISettings {
    static let proofURL = Setting<String?>(
        SettingEntry(
            "PROOF_URL", default: .none,
            "URL of a service that is asked by a POST whether somebody may join a waiting room: 200 or 204 for yes, 403 for no"
        )
    ) { text throws(SettingsError) in
        guard let text else { return nil }
        guard let url = URL(string: text), url.scheme == "http" || url.scheme == "https", url.host?.isEmpty == false
        else {
            throw Settings.bad("PROOF_URL", text, "a URL that begins with http:// or https://")
        }
        return text
    }

    static let proofTimeout = Setting<Int>(
        "PROOF_TIMEOUT", default: 2, in: 1...10, "seconds that the service of `PROOF_URL` has for its answer")

    static let proofFailure = Setting<ProofSettings.Failure>(
        "PROOF_FAILURE", default: .closed, "who may join a waiting room if the service of `PROOF_URL` does not answer",
        note: "`open`: everybody; `closed`: nobody")
}
