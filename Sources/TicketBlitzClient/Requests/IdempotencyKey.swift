import Foundation

/// The key under which the API makes one order at most for 24 hours.
///
/// Whoever knows the key of a purchase can repeat it and gets the order, so keys are random.
public struct IdempotencyKey: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// A new random key.
    public init() { rawValue = UUID().uuidString.lowercased() }

    /// - Parameter rawValue: 1 to 255 printable ASCII characters; otherwise the result is nil.
    public init?(rawValue: String) {
        guard (1...255).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            return nil
        }
        self.rawValue = rawValue
    }

    public var description: String { rawValue }
}
