import Domain
import Logging

extension APIResponse {
    /// The response to `GET /events/{id}`.
    ///
    /// - Parameters:
    ///   - ifNoneMatch: the values of the header.
    ///   - id: the id of the request.
    init(
        _ outcome: EventSnapshot.Outcome, of event: EventID, ifNoneMatch: [String], id: RequestID, logger: Logger
    ) {
        switch outcome {
        case .success(let seen):
            guard let view = seen.view else {
                self.init(Problem(Refusal.eventUnknown, event: event))
                caching = .shared
                return
            }
            self.init(shared: view.body, tag: view.tag, ifNoneMatch: ifNoneMatch)
        case .failure(let error):
            self.init(Problem(error, id: id, logger: logger))
        }
    }
}
