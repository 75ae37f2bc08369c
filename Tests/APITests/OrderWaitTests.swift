import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import API

/// ``ConnectionHandler`` with a request that waits for an order.
@Suite(.timeLimit(.minutes(5))) struct OrderWaitTests {
    /// Orders whose state a test sets.
    private final class Orders: Sendable {
        struct State {
            var onChange: [Int: @Sendable () -> Void] = [:]
            var watches = 0
            var checks = 0
            var isSettled = false
            var isClosed = false
            var isFull = false
        }

        let state = NIOLockedValueBox(State())

        var observer: OrderObserver {
            OrderObserver(
                watch: { [state] _, onChange in
                    let number: Int? = state.withLockedValue { (state: inout State) -> Int? in
                        guard !state.isFull else { return nil }
                        state.watches += 1
                        state.onChange[state.watches] = onChange
                        return state.watches
                    }
                    guard let number else { return nil }
                    return { state.withLockedValue { $0.onChange[number] = nil } }
                },
                isClosed: { [state] in state.withLockedValue { $0.isClosed } },
                isSettled: { [state] _ in
                    state.withLockedValue {
                        $0.checks += 1
                        return $0.isSettled
                    }
                })
        }

        var watchers: Int { state.withLockedValue { $0.onChange.count } }
        var checks: Int { state.withLockedValue { $0.checks } }

        func set(_ change: (inout State) -> Void) {
            let watchers = state.withLockedValue { state in
                change(&state)
                return state.onChange.values.map(\.self)
            }
            for onChange in watchers { onChange() }
        }
    }

    private let wait = "GET /orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=20 HTTP/1.1\r\nHost: x\r\n\r\n"

    private func connect(_ orders: Orders) async throws -> NIOAsyncTestingChannel {
        let channel = NIOAsyncTestingChannel()
        try await channel.testingEventLoop.executeInContext {
            try channel.addConnection(TestApplication(respondsAtOnce: true), orders: orders.observer)
        }
        try await channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).get()
        return channel
    }

    /// Runs the event loop until a condition holds, for 60 seconds at most.
    private func run(_ channel: NIOAsyncTestingChannel, until condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline)
            await channel.testingEventLoop.run()
            await Task.yield()
        }
        await channel.testingEventLoop.run()
    }

    private func received(_ channel: NIOAsyncTestingChannel) async throws -> String {
        var text = ""
        while let part = try await channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: part) }
        return text
    }

    @Test func theRequestIsForwardedWhenTheOrderIsSettled() async throws {
        let orders = Orders()
        let channel = try await connect(orders)
        try await channel.writeInbound(ByteBuffer(string: wait))
        try await run(channel) { orders.checks == 1 }
        orders.set { _ in }
        try await run(channel) { orders.checks == 2 }
        #expect(try await received(channel) == "")
        orders.set { $0.isSettled = true }
        try await run(channel) { orders.watchers == 0 }
        #expect(try await received(channel).hasPrefix("HTTP/1.1 200"))
        #expect(orders.checks == 3)
        try await channel.close().get()
    }

    @Test func theRequestIsForwardedWhenItsTimeHasElapsed() async throws {
        let orders = Orders()
        let channel = try await connect(orders)
        try await channel.writeInbound(ByteBuffer(string: wait))
        try await run(channel) { orders.checks == 1 }
        await channel.testingEventLoop.advanceTime(by: .milliseconds(17_900))
        #expect(try await received(channel) == "")
        // The end of a wait is spread over the last tenth of its time.
        await channel.testingEventLoop.advanceTime(by: .milliseconds(2_100))
        #expect(try await received(channel).hasPrefix("HTTP/1.1 200"))
        #expect(orders.watchers == 0)
        try await channel.close().get()
    }

    @Test func theRequestIsForwardedWhenTheWatchClosesOrIsFull() async throws {
        let orders = Orders()
        let channel = try await connect(orders)
        try await channel.writeInbound(ByteBuffer(string: wait))
        try await run(channel) { orders.checks == 1 }
        orders.set { $0.isClosed = true }
        try await run(channel) { orders.watchers == 0 }
        #expect(try await received(channel).hasPrefix("HTTP/1.1 200"))
        orders.set { $0.isFull = true }
        try await channel.writeInbound(ByteBuffer(string: wait))
        #expect(try await received(channel).hasPrefix("HTTP/1.1 200"))
        try await channel.close().get()
    }

    @Test func aConnectionThatClosesEndsItsWatch() async throws {
        let orders = Orders()
        let channel = try await connect(orders)
        try await channel.writeInbound(ByteBuffer(string: wait))
        #expect(orders.watchers == 1)
        try await channel.close().get()
        #expect(orders.watchers == 0)
    }
}
