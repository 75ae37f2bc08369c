/// HTML with named slots, `{{name}}`.
struct HTMLTemplate {
    /// What a slot is replaced with.
    enum Value {
        /// Text, which is escaped.
        case text(String)
        /// Markup, which is inserted as it is.
        case html(String)
    }

    let source: String

    init(_ source: String) {
        self.source = source
    }

    /// The HTML with each slot replaced with the value of its name. Text is escaped, so that it cannot become markup. A
    /// slot without a value stays as it is.
    func filled(_ values: [String: Value]) -> String {
        source.replacing(/\{\{([a-z]+)\}\}/) { match in
            switch values[String(match.output.1)] {
            case .text(let text): Self.escape(text)
            case .html(let html): html
            case nil: String(match.output.0)
            }
        }
    }

    /// Text for the content of an element or for an attribute in double quotes.
    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
