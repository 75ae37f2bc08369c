import HTTPTypes
import Hummingbird

extension Sale {
    /// The live page's files. It needs nothing from anywhere else, and a browser is told to load nothing from there.
    func addPage(to router: Router<SaleContext>) {
        router.get("/") { _, _ in Self.file(PackageResources.index_html, "text/html; charset=utf-8") }
        router.get("/page.css") { _, _ in Self.file(PackageResources.page_css, "text/css; charset=utf-8") }
        router.get("/page.js") { _, _ in Self.file(PackageResources.page_js, "text/javascript; charset=utf-8") }
    }

    private static func file(_ bytes: [UInt8], _ type: String) -> Response {
        var headers = pageHeaders
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// What the OWASP Secure Headers Project advises for a page that has neither inline code nor frames. Nothing on
    /// encryption: whoever ends TLS in front of this service says that (`Strict-Transport-Security`).
    private static let pageHeaders: HTTPFields = {
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
