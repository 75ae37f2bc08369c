import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import API

@Suite struct ClientFaultTests {
    @Test(
        arguments: [
            (BodyCutOff(), .cutOff), (IOError(errnoCode: 104, reason: "read"), .connectionLost),
            (ChannelError.ioOnClosedChannel, .connectionLost), (ChannelError.eof, .connectionLost),
            (HTTPParserError.invalidEOFState, .cutOff), (HTTPParserError.headerOverflow, .headersTooLarge),
            (HTTPParserError.invalidMethod, .malformed),
        ] as [(any Error, ClientFault)])
    func errorsOfClientsAreFaults(error: any Error, fault: ClientFault) {
        #expect(ClientFault(error) == fault)
    }

    @Test func otherErrorsAreNone() {
        #expect(ClientFault(GaveUp(description: "")) == nil)
        #expect(ClientFault(CancellationError()) == nil)
        #expect(ClientFault(ChannelError.connectPending) == nil)
        #expect(ClientFault(Problem.routeNotFound) == nil)
    }

    /// Whoever responds, and however the connection ends, a request that is cut off counts once.
    @Test func aRequestThatIsCutOffCountsOnce() {
        for head in [HTTPRequestHead.post("/buy"), .post("/reset")] {
            for input in [ConnectionState.Input.inputClosed, .inactive, .decoderError(.invalidEOFState)] {
                var state = ConnectionState.opened()
                _ = state.on(.head(head, .unlimited)) + state.on(.readComplete) + state.on(input)
                _ = state.on(.inputClosed) + state.on(.inactive)
                #expect(state.faults == [.cutOff: 1], "\(head.uri), \(input)")
            }
        }
    }

    @Test func whatAClientDoesWrongCounts() {
        var slow = ConnectionState.opened()
        _ = slow.on(.head(.post("/buy"), .unlimited)) + slow.on(.readComplete)
        _ = slow.on(.bodyTimer, at: 5) + slow.on(.inactive, at: 6)
        #expect(slow.faults == [.tooSlow: 1])
        var malformed = ConnectionState.opened()
        _ = malformed.on(.decoderError(.invalidMethod)) + malformed.on(.decoderError(.invalidMethod))
        #expect(malformed.faults == [.malformed: 1])
        var right = ConnectionState.opened()
        _ = right.request() + right.response() + right.on(.inputClosed) + right.on(.inactive)
        #expect(right.faults.isEmpty)
    }
}
