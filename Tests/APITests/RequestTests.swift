import Domain
import Foundation
import NIOCore
import Testing

@testable import API

@Suite struct BuyRequestTests {
    @Test func allFieldsAreOptional() throws {
        for body in ["", "{}"] {
            let request = try BuyRequest(ByteBuffer(string: body))
            #expect(request.event == .demo)
            #expect(request.quantity == 1)
            #expect(request.customer == nil)
        }
        let full = try BuyRequest(ByteBuffer(string: #"{"event":"x","quantity":3,"customer":"ann|é"}"#))
        #expect(full.event.description == "x")
        #expect(full.quantity == 3)
        #expect(full.customer == "ann|é")
    }

    @Test(arguments: [
        ("{", nil), ("[]", nil), ("\"x\"", nil), ("null", nil), ("{\"quantity\":1}x", nil), ("\u{0}", nil),
        ("{'a':1}", nil),
        (#"{"quantity":0}"#, "quantity"), (#"{"quantity":-1}"#, "quantity"), (#"{"quantity":1.5}"#, "quantity"),
        (#"{"quantity":1001}"#, "quantity"), (#"{"quantity":1e400}"#, nil),
        (#"{"quantity":99999999999999999999}"#, "quantity"),
        (#"{"quantity":"1"}"#, "quantity"), (#"{"quantity":true}"#, "quantity"), (#"{"quantity":null}"#, "quantity"),
        (#"{"quantity":[1]}"#, "quantity"), (#"{"event":1}"#, "event"), (#"{"event":""}"#, "event"),
        (#"{"event":"a b"}"#, "event"), (#"{"customer":""}"#, "customer"), (#"{"customer":"a\u0000"}"#, "customer"),
        (#"{"customer":5}"#, "customer"), (#"{"qty":1}"#, "qty"), (#"{"quantity":1,"Quantity":1}"#, "Quantity"),
    ])
    func anInvalidRequestIsRefused(body: String, field: String?) {
        do {
            _ = try BuyRequest(ByteBuffer(string: body))
            Issue.record("accepted \(body)")
        } catch {
            #expect(error.code == .invalidRequest)
            if let field { #expect(error.extras.first?.value == .string(field)) }
        }
    }

    @Test func longCustomersAreRefused() {
        #expect(throws: Problem.self) {
            try BuyRequest(ByteBuffer(string: "{\"customer\":\"\(String(repeating: "x", count: 129))\"}"))
        }
    }
}

@Suite struct EventRequestTests {
    @Test func timesAndNullAreParsed() throws {
        let request = try EventRequest(
            ByteBuffer(string: #"{"opens_at":"2026-11-23T20:39:39Z","closes_at":null,"paused":true}"#))
        #expect(request.change.opensAt == .some(Timestamp(milliseconds: 1_795_466_379_000)))
        #expect(request.change.closesAt == .some(nil))
        #expect(request.change.capacity == nil)
    }

    @Test(arguments: [
        #"{"capacity":-1}"#, #"{"capacity":1000000001}"#, #"{"max_quantity":0}"#, #"{"opens_at":"soon"}"#,
        #"{"opens_at":5}"#,
        #"{"paused":1}"#, #"{"name":""}"#, #"{"sold":1}"#,
    ])
    func anInvalidRequestIsRefused(body: String) {
        #expect(throws: Problem.self) { try EventRequest(ByteBuffer(string: body)) }
    }
}

@Suite struct RouteTableTests {
    @Test func theMethodsOfAPathAreListed() {
        let routes = RouteTable(includesLab: false)
        #expect(routes.methods(of: "/buy") == ["POST"])
        #expect(routes.methods(of: "/events/x") == ["GET", "HEAD", "PUT", "DELETE"])
        #expect(routes.methods(of: "/events/x/y").isEmpty)
        #expect(routes.methods(of: "/") == ["GET", "HEAD"])
        #expect(routes.methods(of: "/nowhere").isEmpty)
    }
}

@Suite struct AdminAccessTests {
    @Test func wholeTokensAreCompared() {
        let access = AdminAccess(token: "abcdef", isDemo: false)
        #expect(access.administrator(of: "abcdef") == .admin)
        for wrong in ["", "abcdeg", "abcde", "abcdefg", "abcdefabcdef", "Abcdef"] {
            #expect(access.administrator(of: wrong) == nil)
        }
    }

    @Test func eachTokenHasItsOwnAdministrator() throws {
        let named = try AdminTokens("anna operator aaaaaaaaaaaaaaaa\nbert viewer bbbbbbbbbbbbbbbb")
        let access = AdminAccess(token: "abcdef", named: named, isDemo: false)
        #expect(access.administrator(of: "abcdef") == .admin)
        #expect(access.administrator(of: "aaaaaaaaaaaaaaaa") == Administrator(name: "anna", role: .operator))
        #expect(access.administrator(of: "bbbbbbbbbbbbbbbb") == Administrator(name: "bert", role: .viewer))
        #expect(access.administrator(of: "cccccccccccccccc") == nil)
        #expect(AdminAccess(token: nil, named: named, isDemo: false).administrator(of: "") == nil)
    }
}

@Suite struct ProblemTests {
    @Test func everyCodeIsAProblemDocument() throws {
        for code in ProblemCode.allCases {
            let problem = Problem(code, "d", retryAfterSeconds: 3).with("field", .string("f"))
            let body = try #require(
                try JSONSerialization.jsonObject(with: Data(problem.body.readableBytesView)) as? [String: Any])
            #expect(body["type"] as? String == "/problems/\(code.rawValue)")
            #expect(body["status"] as? Int == code.status.code)
            #expect(body["code"] as? String == code.rawValue)
            #expect(body["retry_after_s"] as? Int == 3)
            #expect(APIResponse(problem).retryAfterSeconds == 3)
        }
    }

    @Test func aScheduledSaleHasARetryTime() {
        let problem = Problem(
            .scheduled(opensAt: Timestamp(milliseconds: 5001), now: Timestamp(milliseconds: 1000)), event: .demo)
        #expect(problem.code == .notOnSale)
        #expect(problem.retryAfterSeconds == 5)
    }
}
