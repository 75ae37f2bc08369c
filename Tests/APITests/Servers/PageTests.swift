import Foundation
import TestSupport
import Testing

@testable import API

@Suite(.timeLimit(.minutes(10))) struct PageTests {
    @Test func theContentSecurityPolicyForbidsOtherHosts() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for (path, type) in [("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")] {
                    let response = try await api.send("GET", path)
                    #expect(response.status == 200)
                    #expect(response.headers["content-type"] == "\(type); charset=utf-8")
                    #expect(response.headers["x-content-type-options"] == "nosniff")
                    #expect(response.headers["x-frame-options"] == "DENY")
                    #expect(response.headers["referrer-policy"] == "no-referrer")
                    let policy = response.headers["content-security-policy"] ?? ""
                    #expect(policy.hasPrefix("default-src 'none'; "))
                    #expect(policy.contains("frame-ancestors 'none'"))
                    #expect(!policy.contains("unsafe"))
                    #expect(!policy.contains("http"))
                    let head = try await api.send("HEAD", path)
                    #expect(head.status == 200)
                    #expect(head.body.isEmpty)
                }
                let refused = try await api.send("POST", "/")
                #expect(refused.status == 405)
            }
        }
    }

    /// The policy blocks inline scripts and styles, and files from other hosts.
    @Test func thePageCompliesWithItsPolicy() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let page = try await api.send("GET", "/").body
                let script = try await api.send("GET", "/page.js").body
                #expect(!page.contains("<style"))
                #expect(!page.contains("<script>"))
                #expect(page.firstMatch(of: /\s(style|on[a-z]+)=/) == nil)
                for file in page.matches(of: /(?:href|src)="([^"]*)"/).map(\.1) where file != "data:,"[...] {
                    let path = String(file)
                    #expect(path.hasPrefix("/"))
                    #expect(!path.hasPrefix("//"))
                    let response = try await api.send("GET", path)
                    #expect(response.status == 200, "\(path)")
                }
                // Data from the service is inserted as text.
                for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                    #expect(!script.contains(way))
                }
            }
        }
    }
}
