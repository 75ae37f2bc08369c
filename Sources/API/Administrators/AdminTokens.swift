import Foundation

/// Why the file of admin tokens cannot be used. Repeats nothing of it.
struct AdminTokensFlaw: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The tokens of the file that the setting ADMIN_TOKENS_FILE names: a line `name role token` each. Empty lines and lines that
/// begin with `#` say nothing.
struct AdminTokens: Sendable {
    struct Entry: Sendable {
        let administrator: Administrator
        let token: String
        /// The number of its line.
        let line: Int
    }

    static let none = AdminTokens(all: [])

    private static let limit = 100
    private static let minimumLength = 16
    /// In bytes.
    private static let fileLimit = 1 << 20

    let all: [Entry]

    private init(all: [Entry]) { self.all = all }

    init(contentsOf path: String) throws(AdminTokensFlaw) {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: Self.fileLimit + 1)
        else {
            // A file without a byte reads as nil; a file that cannot be read does not exist for its reader.
            guard FileManager.default.contents(atPath: path) != nil else { throw AdminTokensFlaw("it cannot be read") }
            self = .none
            return
        }
        guard data.count <= Self.fileLimit else { throw AdminTokensFlaw("it is longer than 1 MiB") }
        guard let text = String(validating: data, as: UTF8.self) else { throw AdminTokensFlaw("it is not UTF-8") }
        try self.init(text)
    }

    init(_ text: String) throws(AdminTokensFlaw) {
        var entries: [Entry] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            do throws(AdminTokensFlaw) {
                guard let entry = try Self.entry(line, number: index + 1) else { continue }
                try Self.check(entry, against: entries)
                entries.append(entry)
            } catch {
                throw AdminTokensFlaw("line \(index + 1): \(error.description)")
            }
        }
        all = entries
    }

    /// Nil for a line that says nothing.
    private static func entry(_ line: Substring, number: Int) throws(AdminTokensFlaw) -> Entry? {
        let parts = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let first = parts.first, first.first != "#" else { return nil }
        guard parts.count == 3 else { throw AdminTokensFlaw("it must be `name role token`") }
        let name = String(parts[0])
        guard isName(name) else {
            throw AdminTokensFlaw("a name is 1 to 64 ASCII letters, digits, dots, underscores and hyphens")
        }
        guard !Administrator.reservedNames.contains(name) else {
            throw AdminTokensFlaw("the names admin and demo are reserved")
        }
        guard let role = AdminRole(rawValue: String(parts[1])) else {
            throw AdminTokensFlaw("the role must be viewer or operator")
        }
        let token = String(parts[2])
        guard token.utf8.count >= minimumLength, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw AdminTokensFlaw("a token is at least \(minimumLength) visible ASCII characters")
        }
        return Entry(administrator: Administrator(name: name, role: role), token: token, line: number)
    }

    private static func check(_ entry: Entry, against others: [Entry]) throws(AdminTokensFlaw) {
        guard others.count < limit else { throw AdminTokensFlaw("there are more than \(limit) tokens") }
        if let other = others.first(where: { $0.administrator.name == entry.administrator.name }) {
            throw AdminTokensFlaw("line \(other.line) has the same name")
        }
        if let other = others.first(where: { $0.token == entry.token }) {
            throw AdminTokensFlaw("line \(other.line) has the same token")
        }
    }

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// Throws if a line has this token, which belongs to ``Administrator/admin``.
    func checkUnused(_ token: String) throws(AdminTokensFlaw) {
        guard let entry = all.first(where: { $0.token == token }) else { return }
        throw AdminTokensFlaw("line \(entry.line): the token is ADMIN_TOKEN")
    }
}
