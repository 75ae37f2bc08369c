import HTTPTypes
import Hummingbird

/// The files of the pages. The pages load nothing from other hosts, and their headers forbid browsers to.
struct PageController: Sendable {
    /// `GET` of a file: 200, or 304 if the client has it. A browser asks each time, so that all files of a page are of one
    /// release, and a reload transfers none of them again.
    func file(_ file: PageFile, _ request: Request) throws -> Response {
        var headers = Self.headers
        headers[.eTag] = file.tag
        if try EntityTags(request, .ifNoneMatch)?.contains(file.tag) == true {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }

    /// `GET /console/{file}`
    func consoleFile(_ request: Request, _ context: APIRequestContext) throws -> Response {
        let path = "/console/\(context.parameters.get("file") ?? "")"
        guard let file = PageFile.console.first(where: { $0.path == path }) else { throw Problem.routeNotFound }
        return try self.file(file, request)
    }

    /// The headers that the OWASP Secure Headers Project recommends for a page without inline code and frames.
    /// `Strict-Transport-Security` is not among them: the proxy that terminates TLS sets it.
    private static let headers: HTTPFields = {
        var headers: HTTPFields = [.cacheControl: "no-cache"]
        for (name, value) in [
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
        ] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }()
}
