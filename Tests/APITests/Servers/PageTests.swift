import Foundation
import TestSupport
import Testing

@testable import API

@Suite(.timeLimit(.minutes(10))) struct PageTests {
    /// The paths of the files. Every id has the page of a sale.
    private static let files = PageFile.all + PageFile.console
    private static let paths = files.map { $0.path.replacing(":id", with: "gala") }

    @Test func theFilesAreThoseThatAreThere() throws {
        var count = 0
        for folder in ["Page", "Console"].map({ checkout.appendingPathComponent("Sources/API/\($0)") }) {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            for name in names where !name.hasSuffix(".swift") {
                let bytes = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
                let served = name.hasSuffix(".html") ? bytes : PageFile.withoutComments(bytes)
                #expect(
                    Self.files.contains { $0.bytes.readableBytesView.elementsEqual(served) }, "\(name) is not served")
                count += 1
            }
        }
        #expect(count == Self.files.count)
        #expect(Set(Self.paths).count == Self.files.count)
    }

    @Test func theConsoleHasNoOtherFiles() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for path in ["/console/none.js", "/console/console.html", "/console/..", "/console/console.js/x"] {
                    let response = try await api.send("GET", path)
                    #expect(response.status == 404)
                }
            }
        }
    }

    @Test func commentsAreNotSent() {
        let text = "// a\nlet b = 1; // b\n\n/** c\n * d */\n  /* e */\n  f(\"/* g */\")\n/*\nh\n*/\ni\n"
        let left = String(decoding: PageFile.withoutComments(Array(text.utf8)), as: UTF8.self)
        #expect(left == "let b = 1; // b\n  f(\"/* g */\")\ni\n")
    }

    @Test func theContentSecurityPolicyForbidsOtherHosts() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for path in Self.paths + ["/e/unknown", "/e/%3Cscript%3E"] {
                    let response = try await api.send("GET", path)
                    #expect(response.status == 200)
                    let type =
                        path.hasSuffix(".js") ? "text/javascript" : path.hasSuffix(".css") ? "text/css" : "text/html"
                    #expect(response.headers["content-type"] == "\(type); charset=utf-8")
                    #expect(response.headers["x-content-type-options"] == "nosniff")
                    #expect(response.headers["x-frame-options"] == "DENY")
                    #expect(response.headers["referrer-policy"] == "no-referrer")
                    #expect(response.headers["cross-origin-opener-policy"] == "same-origin")
                    let policy = response.headers["content-security-policy"] ?? ""
                    #expect(policy.hasPrefix("default-src 'none'; "))
                    #expect(policy.contains("frame-ancestors 'none'"))
                    #expect(!policy.contains("unsafe"))
                    #expect(!policy.contains("http"))
                    let head = try await api.send("HEAD", path)
                    #expect(head.status == 200)
                    #expect(head.body.isEmpty)
                    #expect(try await api.send("POST", path).status == 405)
                }
            }
        }
    }

    /// A reload transfers no file again, and after an upgrade no file of the former release is used.
    @Test func browsersAskWithTheTag() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                var tags: Set<String> = []
                for path in Self.paths {
                    let response = try await api.send("GET", path)
                    #expect(response.headers["cache-control"] == "no-cache")
                    let tag = try #require(response.headers["etag"])
                    tags.insert(tag)
                    for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                        let again = try await api.send("GET", path, headers: ["If-None-Match": known])
                        #expect(again.status == 304, "\(known)")
                        #expect(again.body.isEmpty)
                        #expect(again.headers["etag"] == tag)
                        #expect(again.headers["content-security-policy"] != nil)
                    }
                    #expect(try await api.send("GET", path, headers: ["If-None-Match": "\"other\""]).status == 200)
                    #expect(try await api.send("GET", path, headers: ["If-None-Match": "other"]).status == 400)
                }
                #expect(tags.count == Self.paths.count)
                #expect(try await api.send("GET", "/e/a").body == api.send("GET", "/e/b").body)
                #expect(try await api.send("GET", "/e").status == 404)
                #expect(try await api.send("GET", "/e/a/b").status == 404)
            }
        }
    }

    /// The policy blocks inline scripts and styles, and files from other hosts.
    @Test func thePagesComplyWithTheirPolicy() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                for path in Self.paths {
                    let text = try await api.send("GET", path).body
                    if path.hasSuffix(".js") {
                        // Data from the service is inserted as text.
                        for way in [
                            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser",
                        ] {
                            #expect(!text.contains(way), "\(path)")
                        }
                        for file in text.matches(of: /from "([^"]*)"/).map(\.1) {
                            #expect(Self.paths.contains(String(file)))
                        }
                    } else if !path.hasSuffix(".css") {
                        #expect(!text.contains("<style"))
                        #expect(!text.contains("<script>"))
                        #expect(text.firstMatch(of: /\s(style|on[a-z]+)=/) == nil)
                        for file in text.matches(of: /(?:href|src)="([^"]*)"/).map(\.1)
                        where !file.hasPrefix("data:") && !file.hasPrefix("#") {
                            let target = String(file)
                            #expect(target.hasPrefix("/"))
                            #expect(!target.hasPrefix("//"))
                            #expect(try await api.send("GET", target).status == 200, "\(target)")
                        }
                    }
                }
            }
        }
    }
}
