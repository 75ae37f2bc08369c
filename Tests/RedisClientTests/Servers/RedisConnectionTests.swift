import Foundation
import Logging
import NIOPosix
import RedisClient
import TestSupport
import Testing
import Timing

@Suite(.timeLimit(.minutes(10))) struct RedisConnectionTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let script = RedisScript(name: "double", source: Array("#!lua\nreturn ARGV[1] * 2".utf8))

    private func open(
        _ url: String, change: (inout RedisConfiguration) -> Void = { _ in }
    ) async throws -> RedisConnection {
        var configuration = RedisConfiguration(url: try RedisURL(url), scripts: [script])
        change(&configuration)
        return try await .open(configuration, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
    }

    @Test func repliesArriveInTheOrderOfTheCommands() async throws {
        try await withRedisServer { server in
            let connection = try await open(server.url())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<2000 {
                    group.addTask {
                        let echo = try await connection.send(RedisCommand("ECHO", String(number))).string
                        #expect(echo == String(number))
                    }
                }
                try await group.waitForAll()
            }
            await connection.close()
        }
    }

    @Test func aConnectionAuthenticatesAndSelectsItsDatabase() async throws {
        let port = try freePort()
        try await withRedisServer(options: "--port \(port) --bind 127.0.0.1 --requirepass 'p@ss/w'") { server in
            let connection = try await open("redis://:p%40ss%2Fw@127.0.0.1:\(port)/7")
            _ = try await connection.send(RedisCommand("SET", "k", "v"))
            let info = try await connection.send(RedisCommand("INFO", "keyspace")).string ?? ""
            #expect(info.contains("db7:keys=1"))
            let stranger = try await open("redis://:wrong@127.0.0.1:\(port)")
            await #expect(throws: RedisError.self) { try await stranger.send(RedisCommand("PING")) }
            await connection.close()
            await stranger.close()
        }
    }

    @Test func anEvictedScriptIsSentAgainWithItsSource() async throws {
        try await withRedisServer { server in
            let connection = try await open(server.url())
            #expect(try await connection.evaluate(RedisScriptCall(script, arguments: ["21"])).value.integer == 42)
            _ = try await connection.send(RedisCommand("SCRIPT", "FLUSH"))
            _ = try await connection.send(RedisCommand("CONFIG", "RESETSTAT"))
            for _ in 0..<3 {
                #expect(try await connection.evaluate(RedisScriptCall(script, arguments: ["21"])).value.integer == 42)
            }
            let stats = try await connection.send(RedisCommand("INFO", "commandstats")).string ?? ""
            #expect(stats.contains("cmdstat_eval:calls=1,"))
            await connection.close()
        }
    }

    @Test func aCommandTimeoutIsAnUnknownOutcomeAndTheConnectionRecovers() async throws {
        try await withRedisServer { server in
            let connection = try await open(server.url()) { $0.commandTimeout = .seconds(60) }
            _ = try await connection.send(RedisCommand("PING"))
            await server.signal(SIGSTOP)
            let began = ContinuousClock.now
            do throws(RedisError) {
                _ = try await connection.send(RedisCommand("INCR", "k"), timeout: .milliseconds(200))
                Issue.record("a stopped server answered")
            } catch {
                #expect(error.code == .timeout)
                #expect(error.mayHaveRun)
                #expect(ContinuousClock.now - began < .seconds(60), "the timeout of the call, not of the connection")
            }
            await server.signal(SIGCONT)
            try await eventually("the connection recovers") {
                (try? await connection.send(RedisCommand("PING"))) != nil
            }
            await connection.close()
        }
    }

    @Test func commandsFailImmediatelyWhileTheServerIsUnavailable() async throws {
        try await withRedisServer { server in
            let connection = try await open(server.url()) {
                $0.backoff = Backoff(base: .milliseconds(10), limit: .milliseconds(50))
            }
            _ = try await connection.send(RedisCommand("SET", "k", "v"))
            let observer = try await open(server.url())
            async let lost = connection.send(RedisCommand("BLPOP", "nothing", "0"), timeout: .seconds(20))
            try await eventually("the command is in flight") {
                (try? await observer.send(RedisCommand("INFO", "clients")).string)?.contains("blocked_clients:1")
                    == true
            }
            await observer.close()
            try await server.kill()
            do {
                _ = try await lost
                Issue.record("a dead server answered")
            } catch let error as RedisError {
                #expect(error.code == .connectionLost)
                #expect(error.mayHaveRun)
            }
            try await eventually("commands are refused") {
                do throws(RedisError) {
                    _ = try await connection.send(RedisCommand("PING"))
                    return false
                } catch {
                    return error.code == .notConnected && !error.mayHaveRun
                }
            }
            let began = ContinuousClock.now
            // A command that waits for its deadline takes a second.
            for _ in 0..<100 { _ = try? await connection.send(RedisCommand("PING")) }
            #expect(ContinuousClock.now - began < .seconds(20), "commands pile up while Redis is unavailable")
            try await server.restart()
            try await eventually("the connection reopens") {
                (try? await connection.send(RedisCommand("GET", "k")))?.string == "v"
            }
            await connection.close()
        }
    }

    @Test func commandsInFlightAreBounded() async throws {
        try await withRedisServer { server in
            let connection = try await open(server.url()) { $0.commandLimit = 10 }
            _ = try await connection.send(RedisCommand("PING"))
            await server.signal(SIGSTOP)
            let refusals = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        do throws(RedisError) {
                            _ = try await connection.send(RedisCommand("PING"), timeout: .milliseconds(300))
                            return false
                        } catch {
                            return error.code == .overloaded && !error.mayHaveRun
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refusals == 20)
            await server.signal(SIGCONT)
            await connection.close()
        }
    }

    /// Between the calls of one turn no reply is waited for: one WAIT follows all of them, for the most replicas.
    @Test func theCallsOfOneTurnShareAWait() async throws {
        try await withRedisServer { server in
            let script = RedisScript(
                name: "increment", source: Array("return redis.call('INCRBY', KEYS[1], ARGV[1])".utf8))
            var configuration = RedisConfiguration(url: try RedisURL(server.url()), scripts: [script])
            configuration.replicaTimeout = .milliseconds(50)
            let connection = try await RedisConnection.open(
                configuration, on: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
            let replies = try await withThrowingTaskGroup(of: (Int, RedisScriptReply).self) { group in
                let calls = (0..<3).map { number in
                    let call = RedisScriptCall(script, keys: ["n"], arguments: ["1"])
                    return (number, number == 2 ? call : call.waiting(for: number + 1))
                }
                // In one turn: the connection's methods start on the loop at once.
                let promises = calls.map { _ in connection.eventLoop.makePromise(of: RedisScriptReply.self) }
                try await connection.eventLoop.submit {
                    for (number, call) in calls {
                        connection.evaluateOnLoop(call) { promises[number].completeWith($0.mapError { $0 }) }
                    }
                }.get()
                for (number, promise) in promises.enumerated() {
                    group.addTask { (number, try await promise.futureResult.get()) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(replies.mapValues(\.isReplicated) == [0: false, 1: false, 2: true])
            #expect(replies.values.compactMap(\.value.integer).sorted() == [1, 2, 3])
            let stats = try await connection.send(RedisCommand("INFO", "commandstats")).string ?? ""
            #expect(stats.contains("cmdstat_wait:calls=1,"))
            await connection.close()
        }
    }
}

extension RedisScriptCall {
    fileprivate func waiting(for replicas: Int) -> RedisScriptCall {
        var call = self
        call.replicas = replicas
        return call
    }
}
