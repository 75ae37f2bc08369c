import HTTPTypes
import Hummingbird

/// The files of the live page. The page loads nothing from other hosts, and its headers forbid browsers to.
struct PageController: Sendable {
    /// `GET /`
    func index() -> Response { file(PackageResources.index_html, "text/html; charset=utf-8") }

    /// `GET /page.css`
    func style() -> Response { file(PackageResources.page_css, "text/css; charset=utf-8") }

    /// `GET /page.js`
    func script() -> Response { file(PackageResources.page_js, "text/javascript; charset=utf-8") }

    private func file(_ bytes: [UInt8], _ type: String) -> Response {
        var headers = Self.headers
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
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
