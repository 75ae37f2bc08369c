import Foundation
import Runtime

/// The URL of an endpoint: `https://HOST:PORT/path?query`. Its characters are those that a URL can have (RFC 3986), so that every
/// program that reads it finds the same host in it.
package struct WebhookURL: Hashable, Sendable {
    package static let lengthLimit = 2048

    /// With the scheme and the host in lower case.
    package let text: String
    /// A name, or an address without brackets.
    package let host: String

    /// Throws a ``WebhookURLFlaw``.
    ///
    /// - Parameter allowsPrivate: also `http`, and addresses of private networks.
    package init(_ text: String, allowsPrivate: Bool) throws(WebhookURLFlaw) {
        guard text.utf8.count <= Self.lengthLimit else { throw WebhookURLFlaw("it is longer than 2,048 characters") }
        guard text.utf8.allSatisfy(Self.isAllowed) else {
            throw WebhookURLFlaw("it has a character that a URL must percent-encode")
        }
        guard let end = text.range(of: "://") else { throw WebhookURLFlaw("it must begin with https://") }
        let scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" && allowsPrivate else {
            throw WebhookURLFlaw("it must begin with https://")
        }
        let rest = text[end.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw WebhookURLFlaw("it must not contain a user or a password") }
        let (host, port) = try Self.parts(of: authority)
        self.host = host.lowercased()
        let isLiteral = authority.first == "["
        self.text =
            "\(scheme)://" + (isLiteral ? "[\(self.host)]" : self.host) + (port.map { ":\($0)" } ?? "")
            + rest.dropFirst(authority.count)
        guard URL(string: self.text) != nil else { throw WebhookURLFlaw("it is not a URL") }
        if !allowsPrivate, let address = IPAddress(self.host), !address.isPublic {
            throw WebhookURLFlaw("its host is an address of a private network")
        }
    }

    private static func parts(of authority: Substring) throws(WebhookURLFlaw) -> (host: String, port: Int?) {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw WebhookURLFlaw("it is not a URL") }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.first == ":", let address = IPAddress(host),
                !address.isVersion4 || host.contains(":")
            else { throw WebhookURLFlaw("it is not a URL") }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(isOfName) else {
                throw WebhookURLFlaw("its host must be a name or an address")
            }
        }
        guard let port else { return (String(host), nil) }
        guard let number = Int(port), (1...65535).contains(number), port.first?.isNumber == true else {
            throw WebhookURLFlaw("its port must be a number from 1 to 65535")
        }
        return (String(host), number)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// No fragment: it is not sent.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-._~:/?[]@!$&'()*+,;=%".utf8.contains(byte)
        }
    }
}

/// Why a URL cannot be that of an endpoint, as the end of a sentence.
package struct WebhookURLFlaw: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
