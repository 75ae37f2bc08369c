import Hummingbird
import Ledger
import Runtime

/// The changes that webhooks get, for clients that read them.
struct ChangesController: Sendable {
    let access: AdminAccess
    let ledger: Ledger
    /// Requests that wait.
    let places: LongResponses

    private static let interval = Duration.milliseconds(200)

    /// `GET /admin/changes`: a page after `?after=`, or from the first change that is kept. If there is none, `?wait=N` or
    /// `Prefer: wait=N` waits for one, for up to 30 seconds.
    func changes(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        let parameters = try QueryParameters(request, known: ["after", "limit", "wait"])
        let limit = try parameters.integer("limit", in: Page.limitRange) ?? 100
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        let cursor = try Self.cursor(parameters["after"])
        var place: LongResponses.Place?
        if wait.seconds > 0 {
            place = places.take(context.channel)
            guard place != nil else { throw Problem.noPlace(.tooManyReaders, places) }
        }
        let deadline = ContinuousClock.now + .seconds(wait.seconds)
        while true {
            let page = try await page(after: cursor, limit: limit)
            guard page.changes.isEmpty, ContinuousClock.now < deadline, !places.isClosing else {
                return Self.response(page, wait)
            }
            try await Task.sleep(for: min(Self.interval, deadline - ContinuousClock.now))
        }
    }

    private static func cursor(_ text: String?) throws(Problem) -> ChangesCursor? {
        guard let text else { return nil }
        guard let cursor = ChangesCursor(text) else {
            throw .invalid("after", "after must be the next_after of an earlier response.")
        }
        return cursor
    }

    private func page(
        after cursor: ChangesCursor?, limit: Int
    ) async throws -> (changes: [Change], next: ChangesCursor) {
        let state = try await ledger.changesState()
        guard state.areWritten else {
            throw Problem(
                .changesNotWritten, "Changes are written while there is a webhook. Create one; it needs no url.")
        }
        if let cursor { try Self.check(cursor, in: state) }
        let changes = try await ledger.changes(after: cursor?.position ?? .beginning, in: state, limit: limit)
        // Every change of a transaction below this one was read. None is passed: it and those above it follow.
        var next = ChangePosition(transaction: state.below, sequence: 0)
        if changes.count == limit, let last = changes.last { next = last.position }
        return (changes, ChangesCursor(max(next, cursor?.position ?? next), in: state.history))
    }

    /// Throws if changes after the cursor may be missing.
    private static func check(_ cursor: ChangesCursor, in state: ChangesState) throws(Problem) {
        let detail: String? =
            if cursor.history != state.history {
                "The ledger was restored, another server has become its primary, or there was no webhook for a time"
            } else if let removed = state.removed, cursor.position < removed {
                "Changes after this place were removed"
            } else {
                nil
            }
        guard let detail else { return }
        throw Problem(
            .cursorExpired, "\(detail). Begin again without after, and compare what you have with the orders.")
    }

    private static func response(
        _ page: (changes: [Change], next: ChangesCursor), _ wait: WaitPreference
    ) -> Response {
        var object = JSONObject()
        object["changes"] = .array(page.changes.map { JSONObject($0) })
        object["next_after"] = .string(page.next.text)
        return .json(
            object, headers: wait.isFromHeader ? [.preferenceApplied: "wait=\(wait.seconds)"] : [:])
    }
}
