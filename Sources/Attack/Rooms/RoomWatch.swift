import Foundation
import NIOConcurrencyHelpers
import TicketBlitzClient

/// Looks at what everybody can see of a waiting room, twice a second.
final class RoomWatch: Sendable {
    /// The figures of a room at one moment.
    struct Sample: Hashable, Sendable {
        /// In milliseconds since the beginning of the run.
        var at: UInt32
        var admitted: Int
        var isAdmitting: Bool
        var reason: String?
    }

    private struct State {
        var commitment: String?
        var firstDraw: RoomDraw?
        var lastDraw: RoomDraw?
        var samples: [Sample] = []
        var slowest: Duration = .zero
    }

    private let api: Service
    private let event: String
    private let clock: RunClock
    private let state = NIOLockedValueBox(State())

    init(api: Service, event: String, clock: RunClock) {
        self.api = api
        self.event = event
        self.clock = clock
    }

    /// The commitment of the first look.
    var commitment: String? { state.withLockedValue { $0.commitment } }
    var firstDraw: RoomDraw? { state.withLockedValue { $0.firstDraw } }
    var lastDraw: RoomDraw? { state.withLockedValue { $0.lastDraw } }
    var samples: [Sample] { state.withLockedValue { $0.samples } }
    /// How long the slowest look took, in milliseconds.
    var slowest: Int { state.withLockedValue { Int($0.slowest.milliseconds) } }

    /// Looks until the task is cancelled.
    func run() async {
        while (try? await Task.sleep(for: .milliseconds(500))) != nil { _ = try? await look() }
    }

    /// Looks once. False if there is no room yet.
    func look() async throws -> Bool {
        let begin = ContinuousClock.now
        defer { state.withLockedValue { $0.slowest = max($0.slowest, ContinuousClock.now - begin) } }
        let response = try await api.client.attempt(.room(event))
        guard response.status == 200, let room = try? JSONDecoder().decode(Room.self, from: response.body) else {
            return false
        }
        state.withLockedValue { state in
            if state.commitment == nil { state.commitment = room.commitment }
            if let draw = room.draw {
                state.firstDraw = state.firstDraw ?? draw.value
                state.lastDraw = draw.value
            }
            state.samples.append(
                Sample(
                    at: clock.now, admitted: room.admitted, isAdmitting: room.state == "admitting",
                    reason: room.reason))
        }
        return true
    }

    private struct Room: Decodable {
        struct Draw: Decodable {
            var generation, lobby: Int
            var drawn_at, secret, seed: String

            var value: RoomDraw {
                let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                return RoomDraw(
                    generation: generation, lobby: lobby,
                    drawnAt: (try? Date(drawn_at, strategy: style))?.milliseconds ?? 0, secret: secret, seed: seed)
            }
        }

        var state, commitment: String
        var reason: String?
        var admitted: Int
        var draw: Draw?
    }
}
