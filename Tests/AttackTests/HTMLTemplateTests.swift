import Testing

@testable import Attack

struct HTMLTemplateTests {
    @Test func textIsEscapedAndMarkupIsNot() {
        let template = HTMLTemplate(#"<a title="{{title}}">{{body}}</a>{{title}}"#)
        let html = template.filled(["title": .text(#"<&">"#), "body": .html("<b>x</b>")])
        #expect(html == #"<a title="&lt;&amp;&quot;&gt;"><b>x</b></a>&lt;&amp;&quot;&gt;"#)
    }

    /// A slot in a value is not replaced, so that a value cannot refer to another one.
    @Test func aSlotWithoutAValueIsKept() {
        #expect(HTMLTemplate("{{a}} {{b}}").filled(["a": .text("{{b}}")]) == "{{b}} {{b}}")
    }
}
