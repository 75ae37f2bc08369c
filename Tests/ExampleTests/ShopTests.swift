import Foundation
import TestSupport
import Testing

/// The shop of examples/shop, with its payment provider, a real API and a worker.
@Suite(.timeLimit(.minutes(10))) struct ShopTests {
    @Test func theDecisionsAndTheSignatures() async throws {
        let tests = checkout.appendingPathComponent("examples/shop/tests").path
        let run = try RunningShop.python(["-m", "unittest", "discover", "-s", tests])
        #expect(try await run.exitCode(within: 120) == 0, "\(run.output)")
    }

    /// 200 seats, 1,000 shoppers, a provider that declines a third of the payments, and a shop that is killed in the middle.
    @Test func aSaleIsReconciledToTheUnit() async throws {
        try await withTestStores { test in
            let sale = try await RunningShop(
                test, event: #"{"capacity":200,"hold_seconds":8}"#, settings: ["PROVIDER_LATE": "11"])
            let first = try await sale.open()
            let shoppers = try sale.shoppers(1000)
            try await eventually("tickets are sold") {
                (try await sale.api.send("GET", "/events/gala").integer("sold") ?? 0) > 20
            }
            first.signal(SIGKILL)
            _ = try await first.exitCode()
            let second = try await sale.open()
            #expect(try await shoppers.exitCode(within: 240) == 0, "\(shoppers.output)\n\(second.output.suffix(4000))")
            #expect(shoppers.output.contains("'bought': 200, 'sold out': 800"), "\(shoppers.output)")
            #expect(try await sale.reconciled().contains("sold      200 of 200, paid 500000 cents, 0 differences"))
            #expect(try await test.sql("SELECT sum(quantity) FROM orders WHERE status = 'confirmed'") == "200")
            let mail = try String(contentsOf: sale.state.appendingPathComponent("mail.mbox"), encoding: .utf8)
            let tickets = Set(mail.matches(of: /Message-ID: <[0-9a-f-]+\.ticket@/).map { String($0.0) })
            #expect(tickets.count >= 200)
            #expect(mail.contains("declined@"), "no payment was declined")
            try await sale.stop()
        }
    }

    /// The shop learns from a webhook that an order was cancelled, and gives the money back.
    @Test func aCancellationByTheOperatorIsRefunded() async throws {
        try await withTestStores { test in
            let sale = try await RunningShop(
                test, event: #"{"capacity":5,"hold_seconds":600}"#,
                settings: ["PROVIDER_DECLINED": "0", "PROVIDER_LATE": "0.1"])
            let shop = try await sale.open()
            let id = UUID().uuidString.lowercased()
            let held = try await sale.purchase(
                "POST", "", form: "id=\(id)&event=gala&quantity=2&email=ann@example.com")
            #expect(held["state"] as? String == "held")
            _ = try await sale.purchase("POST", "/\(id)/pay")
            try await eventually("the purchase is confirmed") {
                try await sale.purchase("GET", "/\(id)")["state"] as? String == "confirmed"
            }
            let order = try #require(held["order_id"] as? String)
            let cancelled = try await sale.api.send(
                "POST", "/admin/orders/\(order)/cancel", headers: ["Authorization": "Bearer secret"])
            #expect(cancelled.status == 200, "\(cancelled.body)")
            do {
                try await eventually("the money is given back") {
                    try await sale.purchase("GET", "/\(id)")["state"] as? String == "refunded"
                }
            } catch {
                throw GaveUp(description: "\(error)\n\(shop.output.suffix(2000))")
            }
            #expect(try await sale.reconciled().contains("sold      0 of 5, paid 0 cents, 0 differences"))
            try await sale.stop()
        }
    }
}
