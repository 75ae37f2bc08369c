/// One controller for each subject. The routes dispatch to them (see ``Route/all``).
struct Controllers: Sendable {
    let orders: OrdersController
    let events: EventsController
    let administration: AdministrationController
    let service: ServiceController
    let page = PageController()
    /// Nil without `DEMO=true`.
    let lab: LabController?
}
