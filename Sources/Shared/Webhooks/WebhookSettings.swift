package import Environment

/// The settings that the API and the Worker share.
package enum WebhookSettings {
    package static let allowPrivate = Setting<Bool>(
        "WEBHOOK_ALLOW_PRIVATE", default: false,
        "`true` allows webhooks to addresses of private networks and without TLS; never use it if those who register "
            + "webhooks may not reach your network")
}
