import NIOCore
import Testing

@testable import RedisClient

@Suite struct RedisHandshakeTests {
    private let script = RedisScript(name: "s", source: Array("return 1".utf8))

    private func commands(_ configuration: RedisConfiguration) -> [String] {
        RedisHandshake.steps(configuration).map { step in
            var buffer = ByteBuffer()
            step.command.encode(into: &buffer)
            // Every second line is the length of an argument.
            let lines = String(buffer: buffer).split(separator: "\r\n").dropFirst()
            return lines.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }.joined(separator: " ")
        }
    }

    @Test func theHandshakeAuthenticatesSelectsLoadsAndIdentifies() throws {
        let configuration = RedisConfiguration(url: try RedisURL("redis://u:p@h/7"), scripts: [script])
        #expect(
            commands(configuration) == ["AUTH u p", "SELECT 7", "SCRIPT LOAD return 1", "INFO server", "PING"])
        #expect(
            RedisHandshake.steps(configuration).map(\.effect)
                == [.none, .none, .scriptLoaded(script), .serverIdentified, .ready])
    }

    @Test func aSubscriberSubscribesToEachChannel() throws {
        var configuration = RedisConfiguration(url: try RedisURL("redis://:p@h"))
        configuration.subscription = RedisSubscription(channels: ["a", "b"], onMessage: { _ in }, onListening: {})
        #expect(commands(configuration) == ["AUTH p", "SSUBSCRIBE a", "SSUBSCRIBE b", "PING"])
    }

    @Test func theRunIDIsReadFromTheReplyToINFO() {
        let info = "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n"
        #expect(RedisHandshake.runID(.bulkString(Array(info.utf8))) == "abc")
        #expect(RedisHandshake.runID(.null) == nil)
    }
}
