/// Who makes a change, with which request, and from where. Every change of an event needs one: its line in the audit trail is
/// written with it.
package struct AuditAuthor: Hashable, Sendable {
    /// The name of an administrator, or `demo`.
    package let actor: String
    /// Nil if the service makes the change by itself.
    package let requestID: String?
    /// The IP address of the client; nil if it has none.
    package let address: String?

    package init(actor: String, requestID: String?, address: String?) {
        self.actor = actor
        self.requestID = requestID
        self.address = address
    }
}

/// What is changed.
package enum AuditAction: String, CaseIterable, Sendable {
    case eventCreate = "event.create"
    case eventChange = "event.change"
    case eventDelete = "event.delete"
    case eventReset = "event.reset"
    case orderCancel = "order.cancel"
    case deadLetterRequeue = "dead_letter.requeue"
    case deadLettersRequeue = "dead_letters.requeue"
    case eventsReconcile = "events.reconcile"
    case webhookCreate = "webhook.create"
    case webhookChange = "webhook.change"
    case webhookDelete = "webhook.delete"
    case webhookRotate = "webhook.rotate"
    case webhookTest = "webhook.test"
    case webhookRetry = "webhook.retry"
}

/// What has become of a change.
package enum AuditOutcome: String, CaseIterable, Sendable {
    /// Not known: the change is being made, or its process ended, or a store did not answer in time.
    case started
    case done
    case failed
}
