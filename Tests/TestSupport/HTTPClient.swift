import Foundation
import NIOCore
import NIOPosix

/// A minimal HTTP/1.1 client that writes requests as they are, so that tests can send requests that a library would
/// refuse.
package struct HTTPClient: Sendable {
    package let port: Int
    /// The source address; all of 127.0.0.0/8 is this machine.
    private let address: String

    package init(port: Int, from address: String = "127.0.0.1") {
        self.port = port
        self.address = address
    }

    package struct Response: Sendable {
        package let status: Int
        package let headers: [String: String]
        package let body: String

        /// The body as a JSON object.
        package var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }

        package func text(_ field: String) -> String? { json[field] as? String }
        package func integer(_ field: String) -> Int? { json[field] as? Int }
    }

    /// Sends one request on its own connection.
    package func send(
        _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:],
        within limit: Duration = .seconds(90)
    ) async throws -> Response {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        var headers = headers
        if let body {
            headers["Content-Length"] = String(body.utf8.count)
            if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        } else if method != "GET" {
            headers["Content-Length"] = "0"
        }
        for (name, value) in headers where !value.isEmpty { text += "\(name): \(value)\r\n" }
        return try Self.parse(try await exchange([.send(text + "\r\n" + (body ?? ""))], within: limit))
    }

    /// Reads something that the API keeps for a moment as it is now: the request has the admin token.
    package func sendFresh(_ path: String, token: String = "secret") async throws -> Response {
        try await send("GET", path, headers: ["Authorization": "Bearer \(token)", "Cache-Control": "no-cache"])
    }

    package enum Step: Sendable {
        case send(String)
        /// Waits until the server has sent a text.
        case expect(String)
        /// Closes the connection: what the server would send after this, such as a stream that does not end, is not read.
        case close
    }

    /// Carries out the steps, then reads until the server closes the connection, or until a step closes it.
    ///
    /// - Returns: everything that the server sent.
    package func exchange(_ steps: [Step], within limit: Duration = .seconds(90)) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let timeout = Task {
            try await Task.sleep(for: limit)
            try await channel.channel.close()
        }
        defer { timeout.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            var received = ""
            var iterator = inbound.makeAsyncIterator()
            for step in steps {
                switch step {
                case .send(let text):
                    // The server may already have responded and closed the connection. The test needs only the
                    // response.
                    do { try await outbound.write(ByteBuffer(string: text)) } catch { break }
                case .expect(let text):
                    while !received.contains(text), let part = try await iterator.next() {
                        received += String(buffer: part)
                    }
                case .close:
                    return received
                }
            }
            do {
                while let part = try await iterator.next() { received += String(buffer: part) }
            } catch is IOError {
                // A reset after the response: the server closed the connection while the client was still sending.
            }
            return received
        }
    }

    package static func parse(_ text: String) throws -> Response {
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw GaveUp(description: "no HTTP response: '\(text.prefix(100))'")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if pair.count == 2 { headers[pair[0].lowercased()] = pair[1] }
        }
        return Response(status: status, headers: headers, body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}
