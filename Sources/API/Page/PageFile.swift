import NIOCore

/// A file of the pages, and the path that it is served at. Routes, headers and tests follow from this table.
struct PageFile: Sendable {
    /// The router's pattern. The page of a sale is the same for every id; its script reads the id.
    let path: String
    let type: String
    /// All responses share these bytes, however many clients do not read theirs.
    let bytes: ByteBuffer
    /// The entity tag, with its quotation marks.
    let tag: String

    static let all: [PageFile] = [
        .html("/", PackageResources.index_html),
        .html("/e/:id", PackageResources.event_html),
        .style("/page.css", PackageResources.page_css),
        .script("/common.js", PackageResources.common_js),
        .script("/sale.js", PackageResources.sale_js),
        .script("/page.js", PackageResources.page_js),
        .script("/event.js", PackageResources.event_js),
        .script("/orders.js", PackageResources.orders_js),
        .script("/purchase.js", PackageResources.purchase_js),
        .script("/room.js", PackageResources.room_js),
        .html("/console", PackageResources.console_html),
    ]

    /// What the page of the console loads, under `/console/`.
    static let console: [PageFile] = [
        .style("/console/console.css", PackageResources.console_css),
        .script("/console/console.js", PackageResources.console_js),
        .script("/console/audit.js", PackageResources.console_audit_js),
        .script("/console/chart.js", PackageResources.console_chart_js),
        .script("/console/comparison.js", PackageResources.console_comparison_js),
        .script("/console/deliveries.js", PackageResources.console_deliveries_js),
        .script("/console/download.js", PackageResources.console_download_js),
        .script("/console/events.js", PackageResources.console_events_js),
        .script("/console/letters.js", PackageResources.console_letters_js),
        .script("/console/orders.js", PackageResources.console_orders_js),
        .script("/console/overview.js", PackageResources.console_overview_js),
        .script("/console/parts.js", PackageResources.console_parts_js),
        .script("/console/room.js", PackageResources.console_room_js),
        .script("/console/secret.js", PackageResources.console_secret_js),
        .script("/console/session.js", PackageResources.console_session_js),
        .script("/console/terms.js", PackageResources.console_terms_js),
        .script("/console/webhook.js", PackageResources.console_webhook_js),
        .script("/console/webhook-terms.js", PackageResources.console_webhook_terms_js),
        .script("/console/webhooks.js", PackageResources.console_webhooks_js),
    ]

    private init(_ path: String, _ bytes: [UInt8], _ type: String) {
        self.path = path
        self.type = "\(type); charset=utf-8"
        self.bytes = ByteBuffer(bytes: bytes)
        tag = EntityTag.text(of: self.bytes)
    }

    private static func html(_ path: String, _ bytes: [UInt8]) -> PageFile { PageFile(path, bytes, "text/html") }
    private static func style(_ path: String, _ bytes: [UInt8]) -> PageFile {
        PageFile(path, withoutComments(bytes), "text/css")
    }
    private static func script(_ path: String, _ bytes: [UInt8]) -> PageFile {
        PageFile(path, withoutComments(bytes), "text/javascript")
    }

    /// A script or style sheet without the lines that are comments, which are a sixth of it. A comment behind code stays, and
    /// no line of a text in the files begins like a comment.
    static func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isInside = false
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            let text = line.drop { $0 == UInt8(ascii: " ") }
            if text.starts(with: "/*".utf8) { isInside = true }
            if !isInside, !text.isEmpty, !text.starts(with: "//".utf8) {
                kept += line
                kept.append(UInt8(ascii: "\n"))
            }
            if text.suffix(2).elementsEqual("*/".utf8) { isInside = false }
        }
        return kept
    }
}
