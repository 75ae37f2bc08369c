import Foundation
import TestSupport
import Testing

/// The documentation catalogs of modules: `MODULE.docc` in the folder of the module.
@Suite(.timeLimit(.minutes(10))) struct DocumentationTests {
    private static let catalogs = files(in: checkout.appendingPathComponent("Sources"), "docc")

    @Test func thereAreCatalogs() {
        #expect(
            Set(Self.catalogs.map(Self.module))
                == ["PostgresClient", "RedisClient", "RedisSchema", "TicketBlitzClient"])
    }

    /// Every link to a symbol names a declaration of the module.
    @Test(arguments: catalogs) func everySymbolExists(catalog: URL) throws {
        let module = Self.module(catalog)
        var names: Set<String> = [module]
        for file in Self.files(in: catalog.deletingLastPathComponent(), "swift") {
            names.formUnion(Self.declarations(in: try String(contentsOf: file, encoding: .utf8)))
        }
        for page in Self.files(in: catalog, "md") {
            let text = try String(contentsOf: page, encoding: .utf8)
            for link in text.matches(of: /``([^`\n]+)``/) {
                let missing = link.1.split(separator: "/").filter { !names.contains(String($0)) }
                #expect(missing.isEmpty, "\(page.lastPathComponent) links \(link.1)")
            }
        }
    }

    /// Every link to an article names a page of the catalog, and every article is linked from the page of the module.
    @Test(arguments: catalogs) func everyArticleIsLinked(catalog: URL) throws {
        let pages = Self.files(in: catalog, "md").map { $0.deletingPathExtension().lastPathComponent }
        let page = catalog.appendingPathComponent("\(Self.module(catalog)).md")
        let links = try String(contentsOf: page, encoding: .utf8).matches(of: /<doc:([^>]+)>/).map { String($0.1) }
        #expect(Set(links + [Self.module(catalog)]) == Set(pages))
    }

    /// Every example is part of a test, so that it compiles and does what the text says.
    @Test(arguments: catalogs) func everyExampleIsCodeOfATest(catalog: URL) throws {
        let tests = checkout.appendingPathComponent("Tests/\(Self.module(catalog))Tests")
        let code = try Self.files(in: tests, "swift").map { Self.lines(try String(contentsOf: $0, encoding: .utf8)) }
        for page in Self.files(in: catalog, "md") {
            for match in try String(contentsOf: page, encoding: .utf8).matches(of: /(?s)```swift\n(.*?)```/) {
                let example = Self.lines(String(match.1))
                #expect(code.contains { $0.contains(example) }, "\(page.lastPathComponent):\n\(match.1)")
            }
        }
    }

    private static func module(_ catalog: URL) -> String { catalog.deletingPathExtension().lastPathComponent }

    /// The lines without indentation.
    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func files(in folder: URL, _ type: String) -> [URL] {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return files?.compactMap { $0 as? URL }.filter { $0.pathExtension == type } ?? []
    }

    /// The names of what a file declares, as links write them: `RedisError`, `mayHaveRun`, `send(_:to:timeout:)`.
    private static func declarations(in text: String) -> Set<String> {
        let named = /\b(?:struct|class|actor|enum|protocol|typealias|associatedtype|var|let) (\w+)/
        var names = Set(text.matches(of: named).map { String($0.1) })
        for list in text.matches(of: /(?m)^ *case (\w.*)$/) {
            for element in list.1.split(separator: ", ") { names.insert(String(element.prefix { $0.isLetter })) }
            guard let values = list.1.firstMatch(of: /^(\w+)\(([^)]*)\)/) else { continue }
            let labels = values.2.split(separator: ", ").map { $0.firstMatch(of: /^\w+:/).map { String($0.0) } ?? "_:" }
            names.insert("\(values.1)(\(labels.joined()))")
        }
        for function in text.matches(of: /\b(?:func (\w+)|(init)\??)(?:<[^(]*>)?\(/) {
            names.insert("\(function.1 ?? function.2 ?? "")(\(labels(of: text[function.range.upperBound...])))")
        }
        return names
    }

    /// The labels of the parameters that a text begins with: `_:to:timeout:`.
    private static func labels(of text: Substring) -> String {
        var depth = 0
        var labels = ""
        var label: String? = ""
        for character in text.prefix(1000).replacing("->", with: "") {
            switch character {
            case ")" where depth == 0: return labels
            case "(", "[", "{", "<": depth += 1
            case ")", "]", "}": depth -= 1
            case ">" where depth > 0: depth -= 1
            case "," where depth == 0: label = ""
            case ":" where depth == 0, " " where depth == 0:
                if let name = label, !name.isEmpty {
                    labels += name + ":"
                    label = nil
                }
            case _ where character.isLetter || character.isNumber || character == "_": label?.append(character)
            default: break
            }
        }
        return labels
    }
}
