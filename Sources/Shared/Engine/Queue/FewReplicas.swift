/// The metric that counts calls whose writes too few replicas confirmed in time, by the script.
enum FewReplicas {
    static let metric = "ticketblitz_unreplicated_calls_total"
}
