import Testing

@testable import Domain
@testable import Ledger

@Suite struct OrderPageTests {
    private func row(_ number: UInt64, isLastRead: Bool = false, matches: Bool = true) throws -> OrderPage.Row {
        let order = LedgerOrder(
            id: OrderID(milliseconds: number, partition: 0, random: 0), event: .demo, state: .confirmed,
            claimedAt: Timestamp(milliseconds: 0), recordedAt: Timestamp(milliseconds: 0))
        return OrderPage.Row(order: order, isLastRead: isLastRead, matches: matches)
    }

    private func numbers(_ page: OrderPage) -> [UInt64] { page.orders.map { $0.id.high >> 16 } }

    @Test func oneRowMoreThanThePageMeansThatAnotherFollows() throws {
        var page = OrderPage()
        page.append([try row(9), try row(8), try row(7)], limit: 2)
        #expect(numbers(page) == [9, 8])
        #expect(page.next == page.orders.last?.id)
    }

    @Test func noFurtherRowMeansThatThePageIsTheLast() throws {
        var page = OrderPage()
        page.append([try row(9), try row(8)], limit: 2)
        #expect(numbers(page) == [9, 8])
        #expect(page.next == nil)
        page = OrderPage()
        page.append([], limit: 2)
        #expect(page == OrderPage())
    }

    @Test func thePageEndsAtTheLastRowThatWasRead() throws {
        var page = OrderPage()
        page.append([try row(9), try row(3, isLastRead: true, matches: false)], limit: 5)
        #expect(numbers(page) == [9])
        #expect(page.next.map { $0.high >> 16 } == 3)
        page.append([try row(2), try row(1, isLastRead: true)], limit: 5)
        #expect(numbers(page) == [9, 2, 1])
        #expect(page.next.map { $0.high >> 16 } == 1)
        page.append([], limit: 5)
        #expect(page.next == nil)
    }

    /// The last row read is the one more than the page: the next page must begin before it.
    @Test func theLastRowReadIsNotSkipped() throws {
        var page = OrderPage()
        page.append([try row(9), try row(3, isLastRead: true, matches: false)], limit: 1)
        #expect(numbers(page) == [9])
        #expect(page.next.map { $0.high >> 16 } == 9)
    }
}
