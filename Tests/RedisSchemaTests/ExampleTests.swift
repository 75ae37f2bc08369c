import Domain
import RedisSchema
import Testing

/// The example of RedisSchema.docc; DocumentationTests compares it with this file.
@Suite struct ExampleTests {
    @Test func theExampleOfTheDocumentationRuns() throws {
        let order = Order(
            id: OrderID(at: .now, partition: 0), event: .demo, quantity: 2, customer: "ann", state: .pending,
            claimedAt: Timestamp(milliseconds: 1_795_466_379_441))
        let entry = Array(OrderCodec.encode(order).utf8)
        let decoded = try OrderCodec.decode(entry: entry)
        #expect(decoded == order)
    }
}
