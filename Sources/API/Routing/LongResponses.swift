import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// The responses of a route that take long: a bounded number at a time. They end when the service stops.
final class LongResponses: Sendable {
    private struct State {
        var isClosing = false
        var next = 0
        var channels: [Int: any Channel] = [:]
    }

    /// The place of one response. It is free again when the response and its body exist no more, however they ended.
    final class Place: Sendable {
        let channel: any Channel
        private let responses: LongResponses
        private let number: Int

        fileprivate init(_ responses: LongResponses, number: Int, channel: any Channel) {
            self.responses = responses
            self.number = number
            self.channel = channel
        }

        deinit { responses.release(number) }

        /// Throws if the response must end because the service stops.
        func check() throws {
            if responses.isClosing { throw ServiceStops() }
        }

        /// Closes the connection with a reset, so that the system does not keep what is unsent either.
        func abort() {
            _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            channel.close(promise: nil)
        }
    }

    /// Ends a response in the middle: the connection is closed without the end of the body.
    struct ServiceStops: Error {}

    let limit: Int
    private let state = NIOLockedValueBox(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLockedValue { $0.channels.count } }

    var isClosing: Bool { state.withLockedValue { $0.isClosing } }

    /// A place for a response; nil if all are taken, or the service stops.
    ///
    /// - Parameter channel: the client's connection.
    func take(_ channel: any Channel) -> Place? {
        let number = state.withLockedValue { state -> Int? in
            guard !state.isClosing, state.channels.count < limit else { return nil }
            state.next += 1
            state.channels[state.next] = channel
            return state.next
        }
        return number.map { Place(self, number: $0, channel: channel) }
    }

    private func release(_ number: Int) {
        // The channel is released outside of the lock.
        _ = state.withLockedValue { $0.channels.removeValue(forKey: number) }
    }

    /// Gives no further place, and waits for a time until all are free. Then it closes the connections of the others, whose
    /// clients do not take what is sent.
    func close(within time: Duration = .seconds(3)) async {
        state.withLockedValue { $0.isClosing = true }
        let end = ContinuousClock.now + time
        while count > 0, ContinuousClock.now < end {
            // In a cancelled task a sleep ends at once: waiting would keep a processor busy.
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
        }
        for channel in state.withLockedValue({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }
}
