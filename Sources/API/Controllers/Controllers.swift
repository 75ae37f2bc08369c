/// One controller for each subject. The routes dispatch to them (see ``Route/all``).
struct Controllers: Sendable {
    let orders: OrdersController
    let waitlist: WaitlistController
    let events: EventsController
    let rooms: RoomController
    let live: LiveController
    let administration: AdministrationController
    let audit: AuditController
    let cancellation: CancellationController
    let adminOrders: AdminOrdersController
    let overview: OverviewController
    let webhooks: WebhooksController
    let changes: ChangesController
    let service: ServiceController
    let page = PageController()
    /// Nil without `DEMO=true`.
    let lab: LabController?
}
