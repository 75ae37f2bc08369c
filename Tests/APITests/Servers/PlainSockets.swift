import Foundation
import TestSupport

/// Connections of a hostile or idle client, in a process of their own (see Tests/Tools/sockets.py), so that they do not
/// take this one's descriptors.
final class PlainSockets: Sendable {
    private let process: Run
    private let input: FileHandle
    private let output: FileHandle

    /// - Parameters:
    ///   - address: the source address; all of 127.0.0.0/8 is this machine.
    ///   - receiveBuffer: in bytes; nil for the system's.
    init(
        _ count: Int, to port: Int, from address: String = "127.0.0.1", receiveBuffer: Int? = nil
    ) async throws {
        let (input, output) = (Pipe(), Pipe())
        let script = checkout.appendingPathComponent("Tests/Tools/sockets.py")
        process = try Run(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", script.path], [:], input: input, output: output)
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
        _ = try await call(["open", count, port, address, receiveBuffer ?? 0])
    }

    deinit { process.signal(SIGKILL) }

    /// Sends on each connection what its buffer takes.
    func send(_ text: String) async throws { _ = try await call(["send", text]) }

    /// Reads up to a number of bytes from each connection.
    ///
    /// - Returns: the bytes that were read from all.
    func receive(upTo limit: Int) async throws -> Int { try await integer(["receive", limit]) }

    /// The number of connections that the server has closed or reset.
    var ended: Int { get async throws { try await integer(["ended"]) } }

    /// Opens connections again in place of those that the server has closed.
    func replaceEnded() async throws { _ = try await call(["replace"]) }

    /// How often each status line came first on a connection.
    func statusLines(within seconds: Int) async throws -> [String: Int] {
        try await call(["responses", seconds]) as? [String: Int] ?? [:]
    }

    private func integer(_ command: [Any]) async throws -> Int { try await call(command) as? Int ?? -1 }

    private func call(_ command: [Any]) async throws -> Any {
        let line = try JSONSerialization.data(withJSONObject: command) + Data("\n".utf8)
        let (input, output) = (input, output)
        // A reply can take seconds, which must not block a thread of the cooperative pool.
        let reply = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Data, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try Self.exchange(line, input, output) }) }
        }
        return try JSONSerialization.jsonObject(with: reply, options: .fragmentsAllowed)
    }

    private static func exchange(_ line: Data, _ input: FileHandle, _ output: FileHandle) throws -> Data {
        try input.write(contentsOf: line)
        var reply = Data()
        while reply.last != UInt8(ascii: "\n"), let byte = try output.read(upToCount: 1), !byte.isEmpty {
            reply += byte
        }
        return reply
    }
}
