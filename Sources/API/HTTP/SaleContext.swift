import Hummingbird
import Logging

/// What is known of a request besides itself.
struct SaleContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) {
        coreContext = .init(source: source)
    }
}
