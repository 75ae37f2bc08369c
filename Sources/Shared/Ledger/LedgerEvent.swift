package import Domain

/// An event in the ledger.
package struct LedgerEvent: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var held: Int
    package var sold: Int
    package var generation: Int
    package var publishedGeneration: Int
    /// Whether Redis may lack the present state of the row.
    package var isUnpublished = false
    /// Identifies the state of the row: it changes with each order of the event that reaches the ledger.
    package var stamp = ""

    /// Whether Redis has had this generation, so that orders of it can exist.
    package var wasPublished: Bool { publishedGeneration >= generation }
}
