import Testing

@testable import PostgresClient

@Suite struct PostgresTextTests {
    @Test func arrayLiteralsQuoteEveryElement() {
        #expect([1, -2, 3].postgresText == #"{"1","-2","3"}"#)
        #expect([Int]().postgresText == "{}")
        #expect(
            PostgresArray.literal(["a", nil, "NULL", "", "\"\\{},"] as [String?]) == #"{"a",NULL,"NULL","","\"\\{},"}"#)
    }

    @Test func errorsReportWhetherTheStatementMayHaveRun() {
        #expect(PostgresError(.connectionLost, "x").mayHaveRun)
        #expect(PostgresError(.timeout, "x").mayHaveRun)
        #expect(!PostgresError(.server, "x", sqlState: "23514").mayHaveRun)
        #expect(!PostgresError(.poolExhausted, "x").mayHaveRun)
        #expect(PostgresError(.server, "x", sqlState: "22021").isAboutContent)
        #expect(!PostgresError(.server, "x", sqlState: "40P01").isAboutContent)
        #expect(
            PostgresError(.server, "one\ntwo", sqlState: "23514").description == "Postgres: one (SQLSTATE 23514)")
    }

    @Test func anErrorDoesNotContainTheConnectionString() {
        #expect(PostgresConninfo.flaw(of: "postgres://u:p@h:1/d") == nil)
        #expect(PostgresConninfo.flaw(of: "host=/tmp user=u") == nil)
        let flaw = PostgresConninfo.flaw(of: "postgres://u:hunter2@h:1/d?nonsense=1")
        #expect(flaw != nil)
        #expect(flaw?.contains("hunter2") == false)
    }
}
