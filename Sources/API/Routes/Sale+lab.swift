import Domain
import Engine
import HTTPTypes
import Hummingbird
import PostgresClient
import Runtime

/// The lab's routes; there are none without `DEMO=true`.
extension Sale {
    static let labRoutes = RouteTable([
        ("/lab", ["GET", "HEAD"]), ("/lab/:strategy", ["GET", "HEAD"]), ("/lab/:strategy/buy", ["POST"]),
        ("/lab/:strategy/reset", ["POST"]),
    ])

    func addLab(_ lab: Lab, to router: Router<SaleContext>) {
        router.get("/lab") { _, _ in try await labOverview(lab) }
        router.get("/lab/:strategy") { _, context in try await labAccount(lab, context) }
        router.post("/lab/:strategy/buy") { request, context in try await labBuy(lab, request, context) }
        router.post("/lab/:strategy/reset") { request, context in try await labReset(lab, request, context) }
    }

    private func labOverview(_ lab: Lab) async throws -> Response {
        var strategies: [JSONObject] = []
        for strategy in lab.strategies {
            var object = JSONObject(try await strategy.account(), of: strategy)
            object["summary"] = .string(strategy.summary)
            object["exact"] = .boolean(strategy.isExact)
            strategies.append(object)
        }
        var object = JSONObject()
        object["strategies"] = .array(strategies)
        return .json(object)
    }

    private func labAccount(_ lab: Lab, _ context: SaleContext) async throws -> Response {
        let strategy = try strategy(of: lab, context)
        return .json(JSONObject(try await strategy.account(), of: strategy))
    }

    private func labReset(_ lab: Lab, _ request: Request, _ context: SaleContext) async throws -> Response {
        let strategy = try strategy(of: lab, context)
        let wanted = try LabResetRequest(try await request.jsonBody(limit: Self.bodyLimit))
        do {
            try await strategy.reset(to: wanted.capacity)
        } catch let error as CatalogueError {
            throw Problem(error, event: .lab)
        }
        return .json(JSONObject(try await strategy.account(), of: strategy))
    }

    private func labBuy(_ lab: Lab, _ request: Request, _ context: SaleContext) async throws -> Response {
        let strategy = try strategy(of: lab, context)
        let wanted = try LabBuyRequest(try await request.jsonBody(limit: Self.bodyLimit))
        switch try await sale(strategy, wanted.quantity) {
        case .sold:
            var object = JSONObject()
            object["strategy"] = .string(strategy.name)
            object["quantity"] = .integer(wanted.quantity)
            object["status"] = .string("sold")
            return .json(object, status: .accepted)
        case .accepted(let purchase, let acceptance):
            return .json(
                JSONObject(accepted: purchase, as: acceptance), status: .accepted,
                headers: [.location: "/orders/\(acceptance.order)", .retryAfter: "1"])
        case .soldOut:
            throw Problem(Refusal.soldOut, event: .lab)
        case .refused(let refusal):
            throw Problem(refusal, event: .lab)
        case .notStocked:
            throw Problem(.recovering, "There is no stock: POST /lab/\(strategy.name)/reset puts some there.")
        }
    }

    /// The failures that the lab is there to show are told by name.
    private func sale(_ strategy: any LabStrategy, _ quantity: Int) async throws -> LabSale {
        do {
            return try await strategy.buy(quantity)
        } catch let error as PostgresError where error.sqlState == "53300" {
            throw Problem(
                .tooManyClients, "Postgres takes no more connections (SQLSTATE 53300); nothing was changed.",
                retryAfterSeconds: 1)
        }
    }

    private func strategy(of lab: Lab, _ context: SaleContext) throws(Problem) -> any LabStrategy {
        guard let strategy = context.parameters.get("strategy").flatMap({ lab[$0] }) else {
            let names = lab.strategies.map(\.name).joined(separator: ", ")
            throw Problem(.routeNotFound, "There is no such strategy; there are \(names).")
        }
        return strategy
    }
}

extension JSONObject {
    fileprivate init(_ account: LabAccount, of strategy: any LabStrategy) {
        self.init()
        self["strategy"] = .string(strategy.name)
        self["capacity"] = .integer(account.capacity)
        self["sold"] = .integer(account.sold)
        self["oversold"] = .integer(account.oversold)
        self["stock"] = .integer(account.stock)
    }
}
