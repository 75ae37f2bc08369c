import Domain
import Engine
import HTTPTypes
import Hummingbird
import PostgresClient
import Runtime

/// The lab: purchases with each strategy. It exists only with `DEMO=true`.
struct LabController: Sendable {
    let lab: Lab
    let access: AdminAccess

    /// `GET /lab`: all strategies with their counts.
    func overview() async throws -> Response {
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

    /// `GET /lab/{strategy}`
    func account(_ context: APIRequestContext) async throws -> Response {
        let strategy = try strategy(context)
        return .json(JSONObject(try await strategy.account(), of: strategy))
    }

    /// `POST /lab/{strategy}/reset`
    func reset(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let strategy = try strategy(context)
        let author = try access.operatorOrDemo(request, context)
        let wanted = try LabResetRequest(try await request.jsonBody(limit: BodyLimit.standard))
        do {
            try await strategy.reset(to: wanted.capacity, by: author)
        } catch let error as CatalogueError {
            throw Problem(error, event: .lab)
        }
        return .json(JSONObject(try await strategy.account(), of: strategy))
    }

    /// `POST /lab/{strategy}/buy`
    func buy(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let strategy = try strategy(context)
        let wanted = try LabBuyRequest(try await request.jsonBody(limit: BodyLimit.standard))
        switch try await sale(strategy, wanted.quantity) {
        case .sold:
            var object = JSONObject()
            object["strategy"] = .string(strategy.name)
            object["quantity"] = .integer(wanted.quantity)
            object["status"] = .string("sold")
            return .json(object, status: .accepted)
        case .accepted(let purchase, let acceptance):
            return Response(APIResponse(accepted: purchase, as: acceptance))
        case .soldOut:
            throw Problem(Refusal.soldOut, event: .lab)
        case .refused(let refusal):
            throw Problem(refusal, event: .lab)
        case .notStocked:
            throw Problem(.recovering, "There is no stock. POST /lab/\(strategy.name)/reset creates it.")
        }
    }

    /// The lab exists to show this failure of Postgres, so it has a code of its own.
    private func sale(_ strategy: any LabStrategy, _ quantity: Int) async throws -> LabSale {
        do {
            return try await strategy.buy(quantity)
        } catch let error as PostgresError where error.sqlState == "53300" {
            throw Problem(
                .tooManyClients, "Postgres accepts no more connections (SQLSTATE 53300); nothing was changed.",
                retryAfterSeconds: 1)
        }
    }

    private func strategy(_ context: APIRequestContext) throws(Problem) -> any LabStrategy {
        guard let strategy = context.parameters.get("strategy").flatMap({ lab[$0] }) else {
            let names = lab.strategies.map(\.name).joined(separator: ", ")
            throw Problem(.routeNotFound, "There is no such strategy; the strategies are \(names).")
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
