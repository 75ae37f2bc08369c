import NIOCore
import Testing

@testable import RedisClient

@Suite struct RedisCommandTests {
    private func bytes(_ command: RedisCommand) -> String {
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        return String(buffer: buffer)
    }

    @Test func aCommandIsAnArrayOfBulkStrings() {
        #expect(bytes(RedisCommand("GET", "k")) == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        #expect(bytes(RedisCommand("SET", "ä", "")) == "*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n")
    }

    @Test func aScriptCallHasADigestOrTheSource() {
        let script = RedisScript(name: "s", source: Array("return 1".utf8))
        var call = RedisScriptCall(script, keys: ["k1"], arguments: ["a"])
        call.append(7)
        call.append(key: "k2")
        #expect(
            bytes(call.command(digest: "d"))
                == "*7\r\n$7\r\nEVALSHA\r\n$1\r\nd\r\n$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\na\r\n$1\r\n7\r\n")
        #expect(bytes(call.command(digest: nil)).hasPrefix("*7\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n2\r\n"))
    }

    @Test func errorsReportWhetherTheCommandMayHaveRun() {
        #expect(!RedisError.server("NOSCRIPT No matching script").mayHaveRun)
        #expect(!RedisError.server("OOM command not allowed").mayHaveRun)
        #expect(RedisError.server("ERR user_script:1: failed half-way").mayHaveRun)
        #expect(RedisError.server("NOSCRIPT x").serverCode == "NOSCRIPT")
    }
}
