import Testing

@testable import Worker

@Suite struct WebhookAnswerTests {
    private func answer(_ status: Int?) -> WebhookAnswer {
        WebhookAnswer(status: status, text: "", retryAfter: .seconds(7))
    }

    @Test(arguments: [200, 201, 202, 204, 299]) func aMessageIsDelivered(status: Int) {
        #expect(answer(status).isSuccess)
    }

    @Test(arguments: [nil, 101, 300, 302, 304, 400, 404, 410, 429, 500, 503]) func aMessageIsNotDelivered(status: Int?)
    {
        #expect(!answer(status).isSuccess)
    }

    @Test func someAnswersAreAboutAllMessages() {
        #expect((100..<600).filter { answer($0).isGone } == [410])
        #expect((100..<600).filter { answer($0).pause == .seconds(7) } == [429, 503])
    }
}
