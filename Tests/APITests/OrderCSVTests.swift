import NIOCore
import Testing

@testable import API
@testable import Domain
@testable import Ledger

@Suite struct OrderCSVTests {
    private func line(customer: String?, reason: String? = nil) -> String {
        let order = LedgerOrder(
            id: OrderID(milliseconds: 1, partition: 0, random: 1), event: .demo, customer: customer, quantity: 3,
            state: .rejected, reason: reason, version: 2, claimedAt: Timestamp(milliseconds: 1_795_466_379_441),
            expiresAt: Timestamp(milliseconds: 0), recordedAt: Timestamp(milliseconds: 1000))
        var buffer = ByteBuffer()
        OrderCSV.write(order, to: &buffer)
        return String(buffer: buffer)
    }

    @Test func aLineHasTheColumnsOfTheHeader() {
        let line = line(customer: nil, reason: "oversold")
        #expect(
            line
                == "00000000-0001-7000-8000-000000000001,demo,,3,rejected,oversold,2,2026-11-23T20:39:39.441Z,,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z\r\n"
        )
        #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == 11)
        #expect(OrderCSV.header.split(separator: ",").count == 11)
    }

    @Test(arguments: [
        ("anna", "anna"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("é", "é"), ("", ""),
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""),
        ("=\"a\",b", "\"'=\"\"a\"\",b\""), ("a=1", "a=1"), ("'=1", "'=1"), (" =1", " =1"),
    ])
    func cells(text: String, cell: String) {
        #expect(line(customer: text).contains(",demo,\(cell),3,"), "\(text)")
    }
}
