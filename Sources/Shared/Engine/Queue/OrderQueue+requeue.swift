package import Domain
import NIOCore
package import RedisClient
import RedisSchema
import Timing

/// Requeueing all dead letters at once.
extension OrderQueue {
    /// The result of requeueing all dead letters.
    package struct RequeuedLetters: Hashable, Sendable {
        /// Dead letters that were put back into the queue.
        package var requeued = 0
        /// Dead letters that stay, because their event is not loaded, by event.
        package var waiting: [EventID: Int] = [:]

        package init() {}
    }

    /// Puts all dead letters back into the queue that were dead-lettered before this call; with `event`, those of one event
    /// only. A letter that is dead-lettered again meanwhile stays. Up to 100 letters are requeued in one round trip.
    package func requeueAll(of event: EventID? = nil) async throws(RedisError) -> RequeuedLetters {
        let began = try await connection.send(RedisCommand("TIME")).time()
        var result = RequeuedLetters()
        var cursor = "0"
        repeat {
            let page = try await Self.deadLetterPage(in: keys, on: connection, from: cursor)
            var calls: [(EventID?, EventLoopFuture<RequeueCode>)] = []
            for found in page.letters {
                guard let letter = found.letter, let at = letter.at, at <= began else { continue }
                let order = letter.order
                if let event, order?.event != event { continue }
                let script = RequeueScript(letter, stored: found.text, evenIfNotLoaded: false)
                calls.append((order?.event, try partition.pipeline(script)))
            }
            for (event, call) in calls {
                let code: RequeueCode
                do { code = try await call.get() } catch let error as RedisError { throw error } catch {
                    throw RedisError(.closed, "\(error)", mayHaveRun: true)
                }
                switch code {
                case .requeued: result.requeued += 1
                case .eventNotLoaded: if let event { result.waiting[event, default: 0] += 1 }
                case .gone: break
                }
            }
            cursor = page.next
        } while cursor != "0"
        return result
    }
}
