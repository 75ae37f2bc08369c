import Foundation
import TestSupport

@testable import Domain

/// People in a waiting room: they join, look, join again, buy with their passes, and let them end. Each agent is some of them, so
/// that the number of concurrent requests is that of the agents.
struct RoomLoad: Sendable {
    static let event = "room"
    private static let patience = Duration.seconds(4)

    let history: RoomHistory
    let orders: History
    let cluster: Cluster
    let seed: UInt64

    /// The first API is behind its proxy.
    private var ports: [Int] { [cluster.clientProxy.port] + cluster.apiPorts.dropFirst() }

    /// Runs until everybody has bought, or learned that nothing is left, or the task is cancelled.
    func run(agents: Int, people: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<agents {
                group.addTask {
                    var agent = RoomAgent(load: self, number: number, people: people / agents)
                    while !Task.isCancelled, !agent.isDone { await agent.step() }
                }
            }
        }
    }

    /// Sends a request, and records it.
    func send(
        _ kind: RoomRequest.Kind, _ method: String, _ path: String, _ body: String? = nil,
        headers: [String: String] = [:], api: Int
    ) async -> RoomRequest.Outcome {
        let process = await cluster.starts(ofAPI: api)
        var request = RoomRequest(kind: kind, outcome: .unknown, begun: Timestamp.now.milliseconds, ended: 0)
        let response = try? await HTTPClient(port: ports[api]).send(
            method, path, body, headers: headers, within: Self.patience)
        request.ended = Timestamp.now.milliseconds
        request.process = await cluster.starts(ofAPI: api) == process ? "\(api).\(process)" : "between \(UUID())"
        if let response { request.outcome = Self.outcome(of: kind, response) }
        history.add(request)
        return request.outcome
    }

    private static func outcome(of kind: RoomRequest.Kind, _ response: HTTPClient.Response) -> RoomRequest.Outcome {
        let code = response.text("code") ?? "\(response.status)"
        switch response.status {
        case 200..<300:
            if case .buy = kind {
                return response.text("ticket_id").flatMap { OrderID($0) }.map(RoomRequest.Outcome.bought) ?? .unknown
            }
            return standing(response) ?? .refused("an answer of another form: \(response.body)")
        case 500, 503:
            // A 503 states whether anything may have been changed.
            let isHarmless = response.status == 503 && (response.text("detail") ?? "").contains("nothing was changed")
            return isHarmless || code != "store-unavailable" && response.status == 503 ? .refused(code) : .unknown
        default: return .refused(code)
        }
    }

    private static func standing(_ response: HTTPClient.Response) -> RoomRequest.Outcome? {
        guard let place = response.text("place").flatMap({ RoomPlace($0) }) else { return nil }
        switch response.text("state") {
        case "lobby": return .standing(place, .lobby)
        case "waiting": return response.integer("ahead").map { .standing(place, .waiting(ahead: $0)) }
        case "admitted":
            return response.text("pass").flatMap { RoomPass($0) }.map { .standing(place, .admitted($0)) }
        case "expired": return .standing(place, .expired)
        case "sold_out": return .standing(place, .soldOut)
        case "over": return .standing(place, .over)
        default: return nil
        }
    }

    /// What everybody can see of the draw.
    func lookAtTheDraw() async {
        let api = Int.random(in: 0..<ports.count)
        let response = try? await HTTPClient(port: ports[api]).send(
            "GET", "/events/\(Self.event)/room", within: Self.patience)
        guard let draw = response?.json["draw"] as? [String: Any], let lobby = draw["lobby"] as? Int,
            let time = draw["drawn_at"] as? String, let seed = draw["seed"] as? String
        else { return }
        history.add(ShownDraw(lobby: lobby, drawnAt: time, seed: seed))
    }
}
