/// Where the writes of an acknowledged order are when the response is sent.
package enum Durability: String, CaseIterable, Sendable {
    /// On the primary, as its settings persist them.
    case disk
    /// Also on all replicas that are connected. Without one, as `disk`.
    case replica
    /// Also on all replicas that are connected, and on one at least.
    case replicaStrict = "replica-strict"

    /// The number of replicas that a call waits for.
    ///
    /// All that are connected: after the loss of the primary any of them can be promoted.
    func replicas(connected: Int) -> Int {
        switch self {
        case .disk: 0
        case .replica: connected
        case .replicaStrict: max(1, connected)
        }
    }
}
