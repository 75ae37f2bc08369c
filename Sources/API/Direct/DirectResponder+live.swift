import Domain
import NIOCore

/// The first messages of streams.
extension DirectResponder {
    /// The present state of what a client wants to watch.
    func first(
        of request: LiveRequest, id: RequestID, completion: @escaping (Result<LiveFirst, Problem>) -> Void
    ) {
        switch request.subject {
        case .event(let event):
            view(event) { [logger = orders.logger] outcome in
                completion(
                    outcome.mapError { Problem($0, id: id, logger: logger) }.flatMap { seen in
                        guard let view = seen.view else {
                            return .failure(Problem(Refusal.eventUnknown, event: event))
                        }
                        return .success(LiveFirst(update: LiveUpdate(view)))
                    })
            }
        case .eventsOnSale:
            run(id: id, completion) { [feed] _ in LiveFirst(update: try await feed.currentOnSale()) }
        case .order(let order):
            reads.read(order) { record in
                if case .success(let order?) = record { return completion(.success(LiveFirst(order))) }
                self.run(id: id, completion) { orders in
                    guard let order = try await orders.lookup.find(order, after: record) else {
                        throw Problem.orderNotFound(order)
                    }
                    return LiveFirst(order)
                }
            }
        }
    }

    private func run(
        id: RequestID, _ completion: @escaping (Result<LiveFirst, Problem>) -> Void,
        _ body: @escaping @Sendable (OrderService) async throws -> LiveFirst
    ) {
        let bound = NIOLoopBound(completion, eventLoop: eventLoop)
        Task { [orders, eventLoop] in
            let result: Result<LiveFirst, Problem>
            do {
                result = .success(try await body(orders))
            } catch {
                result = .failure(Problem(error, id: id, logger: orders.logger))
            }
            eventLoop.execute { bound.value(result) }
        }
    }
}
