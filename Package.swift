// swift-tools-version: 6.2
import PackageDescription

/// In CI a warning is an error; a newer compiler's warnings do not stop anybody else.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// The modules of Sources/Shared that the programs are built on.
let engine: [Target.Dependency] = [
    "Timing", "Hashing", "Domain", "Environment", "RedisClient", "PostgresClient", "RedisSchema", "Ledger", "Engine",
    "Runtime", "Webhooks",
]

/// The bodies of the Lua scripts in Sources/Shared/RedisSchema/Scripts, each beside its Swift type.
let luaScripts = [
    "acknowledge", "adjust_counts", "admit", "backfill", "claim", "close_event", "delete_records", "discard_holds",
    "end_backfill", "expired", "extend", "hold_backfill", "inspect", "join", "lower_capacity", "note_worker",
    "offer", "open", "place", "publish", "reclaim", "remove_event", "renew", "repair", "requeue", "seal", "survey",
    "survey_slice", "take", "transition", "verify", "wait", "wipe",
]

/// The files of Sources/API/Page and Sources/API/Console, which the API serves.
let pageFiles =
    [
        "index.html", "event.html", "page.css", "common.js", "page.js", "sale.js", "event.js", "orders.js",
        "purchase.js", "room.js",
    ].map { "Page/\($0)" }
    + [
        ".html", ".css", ".js", "-audit.js", "-chart.js", "-comparison.js", "-deliveries.js", "-download.js",
        "-events.js", "-letters.js", "-orders.js", "-overview.js", "-parts.js", "-room.js", "-secret.js", "-session.js",
        "-terms.js", "-webhook.js", "-webhook-terms.js", "-webhooks.js",
    ].map { "Console/console\($0)" }

/// A module of Sources/Shared.
func shared(_ name: String, _ dependencies: Target.Dependency..., resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/Shared/\(name)", resources: resources)
}

extension Target.Dependency {
    static var argumentParser: Self { .product(name: "ArgumentParser", package: "swift-argument-parser") }
    static var asyncHTTPClient: Self { .product(name: "AsyncHTTPClient", package: "async-http-client") }
    static var configuration: Self { .product(name: "Configuration", package: "swift-configuration") }
    static var coreMetrics: Self { .product(name: "CoreMetrics", package: "swift-metrics") }
    static var deque: Self { .product(name: "DequeModule", package: "swift-collections") }
    static var histogram: Self { .product(name: "Histogram", package: "hdrhistogram-swift") }
    static var hummingbird: Self { .product(name: "Hummingbird", package: "hummingbird") }
    static var logging: Self { .product(name: "Logging", package: "swift-log") }
    static var metrics: Self { .product(name: "Metrics", package: "swift-metrics") }
    static var nioConcurrencyHelpers: Self { .product(name: "NIOConcurrencyHelpers", package: "swift-nio") }
    static var nioCore: Self { .product(name: "NIOCore", package: "swift-nio") }
    static var nioEmbedded: Self { .product(name: "NIOEmbedded", package: "swift-nio") }
    static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
    static var nioHTTPTypes: Self { .product(name: "NIOHTTPTypes", package: "swift-nio-extras") }
    static var nioHTTPTypesHTTP1: Self { .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras") }
    static var nioSSL: Self { .product(name: "NIOSSL", package: "swift-nio-ssl") }
    static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
    static var serviceLifecycle: Self { .product(name: "ServiceLifecycle", package: "swift-service-lifecycle") }
}

/// The engine is generic over its scripts and statements; specialising these across modules saves CPU (see docs/decisions).
let specialized: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

let package = Package(
    name: "TicketBlitz",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "API", targets: ["APIProgram"]),
        .executable(name: "Worker", targets: ["WorkerProgram"]),
        .executable(name: "Attack", targets: ["AttackProgram"]),
        // The three in one file, for the container image.
        .executable(name: "TicketBlitz", targets: ["TicketBlitz"]),
        .library(name: "TicketBlitzClient", targets: ["TicketBlitzClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.10.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Without pkgConfig: Debian's hiredis.pc names a flag that SwiftPM warns about, and says nothing that is needed.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        // libpq-dev depends on libssl-dev, so this needs no package of its own.
        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // Sources/Shared, from the bottom to the top: a module imports only what stands before it.
        shared("Timing"),
        shared("Hashing", "CLibcrypto"),
        shared("Domain"),
        shared("Environment", .configuration),
        shared("RedisClient", "Timing", "CHiredis", .deque, .nioCore, .nioPosix, .nioConcurrencyHelpers, .logging),
        shared("PostgresClient", "Timing", "CLibpq", .deque, .logging, .metrics),
        shared(
            "RedisSchema", "Timing", "Domain", "RedisClient", "Hashing", .nioCore, .nioConcurrencyHelpers,
            resources: luaScripts.map { .embedInCode("Scripts/\($0).lua") } + [.embedInCode("Prelude")]),
        shared(
            "Ledger", "Timing", "Domain", "PostgresClient",
            resources: [.embedInCode("Migrations"), .embedInCode("Statements")]),
        shared(
            "Engine", "Timing", "Domain", "RedisClient", "PostgresClient", "RedisSchema", "Ledger", .nioCore,
            .nioConcurrencyHelpers, .logging, .metrics),
        shared(
            "Runtime", "Timing", "Domain", "Environment", "RedisClient", "PostgresClient", "RedisSchema", "Ledger",
            "Engine", .nioCore, .nioConcurrencyHelpers, .logging, .metrics, .coreMetrics, .argumentParser,
            .serviceLifecycle),
        shared("Webhooks", "Timing", "Hashing", "Domain", "Environment", "Ledger", "Runtime"),
        .target(
            name: "API",
            dependencies: engine + [
                .hummingbird, .asyncHTTPClient, .argumentParser, .deque, .nioConcurrencyHelpers, .nioCore, .nioHTTP1,
                .nioHTTPTypes, .nioHTTPTypesHTTP1, .serviceLifecycle, .metrics, .logging,
            ],
            resources: [
                .embedInCode("Description/openapi.yaml"), .embedInCode("Lab/lab.sql"),
                .embedInCode("Lab/check_and_decrement.lua"),
            ] + pageFiles.map { .embedInCode($0) }
        ),
        .target(
            name: "Worker",
            dependencies: engine + [
                .hummingbird, .asyncHTTPClient, .deque, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .argumentParser,
                .serviceLifecycle, .metrics, .logging, .nioConcurrencyHelpers,
            ]),
        // A client of the API, also for other packages; it imports no module of this one.
        .target(name: "TicketBlitzClient", dependencies: [.asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix]),
        .target(
            name: "Attack",
            dependencies: [
                "Hashing", "Domain", "Environment", "PostgresClient", "TicketBlitzClient", .argumentParser,
                .asyncHTTPClient,
                .histogram,
            ], resources: [.embedInCode("Lab/lab.html")]),
        .executableTarget(name: "APIProgram", dependencies: ["API"], path: "Sources/Programs/API"),
        .executableTarget(name: "WorkerProgram", dependencies: ["Worker"], path: "Sources/Programs/Worker"),
        .executableTarget(name: "AttackProgram", dependencies: ["Attack"], path: "Sources/Programs/Attack"),
        .executableTarget(
            name: "TicketBlitz", dependencies: ["API", "Worker", "Attack", "Environment"],
            path: "Sources/Programs/TicketBlitz"),
        // Servers, stores and programs for tests.
        .target(
            name: "TestSupport", dependencies: engine + ["CLibcrypto", "CSpawn", .nioHTTP1, .nioPosix, .nioSSL],
            path: "Tests/TestSupport"),
        // The worker's services inside a test process.
        .target(
            name: "WorkerTestSupport",
            dependencies: ["Worker", "TestSupport", "Environment", .nioPosix, .serviceLifecycle],
            path: "Tests/WorkerTestSupport"),
        // Debian's Lua 5.1, the language of Redis's scripts, to run ours without a server.
        .systemLibrary(name: "CSpawn", path: "Tests/CSpawn"),
        .systemLibrary(name: "CLua", path: "Tests/CLua", providers: [.apt(["liblua5.1-0-dev"])]),
        .testTarget(name: "HashingTests", dependencies: ["Hashing"]),
        .testTarget(name: "DomainTests", dependencies: ["Domain"]),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["Timing", "RedisClient", "TestSupport", .logging, .nioCore, .nioPosix]),
        .testTarget(name: "PostgresClientTests", dependencies: ["Timing", "PostgresClient", "TestSupport", .nioCore]),
        .testTarget(
            name: "RedisSchemaTests", dependencies: ["Timing", "Domain", "RedisClient", "RedisSchema", "TestSupport"]),
        .testTarget(
            name: "LedgerTests", dependencies: ["Domain", "PostgresClient", "Ledger", "Engine", "TestSupport"]),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Timing", "Domain", "RedisClient", "PostgresClient", "RedisSchema", "Ledger", "Engine", "Runtime",
                "TestSupport", "WorkerTestSupport", .logging, .nioCore, .nioPosix,
            ]),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "Timing", "Domain", "Environment", "RedisClient", "PostgresClient", "Ledger", "Runtime", "TestSupport",
                "WorkerTestSupport", .metrics, .nioCore,
            ]),
        .testTarget(
            name: "WebhooksTests",
            dependencies: ["Domain", "Hashing", "Ledger", "Runtime", "Webhooks", "TestSupport"]),
        .testTarget(
            name: "APITests",
            dependencies: [
                "Timing", "Hashing", "Domain", "Environment", "RedisClient", "PostgresClient", "RedisSchema", "Ledger",
                "Engine", "Runtime", "Webhooks", "API", "TestSupport", "WorkerTestSupport", .argumentParser, .logging,
                .nioConcurrencyHelpers, .nioCore,
                .nioEmbedded, .nioHTTP1, .nioPosix, .serviceLifecycle,
            ]),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Timing", "Domain", "Environment", "RedisClient", "RedisSchema", "Ledger", "Runtime", "Webhooks",
                "Worker",
                "TestSupport", "WorkerTestSupport", .argumentParser, .nioConcurrencyHelpers,
            ]),
        .testTarget(
            name: "TicketBlitzClientTests",
            dependencies: ["TicketBlitzClient", "TestSupport", "WorkerTestSupport", .asyncHTTPClient]),
        .testTarget(
            name: "AttackTests",
            dependencies: [
                "PostgresClient", "Attack", "TicketBlitzClient", "TestSupport", .hummingbird, .logging, .nioPosix,
                .serviceLifecycle,
            ]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Timing", "Hashing", "Domain", "Environment", "RedisClient", "PostgresClient", "RedisSchema", "Engine",
                "Runtime", "TestSupport", .logging, .nioConcurrencyHelpers, .nioCore, .nioPosix,
            ]),
        // The pages in a browser; the cases are scripts for playwright.
        .testTarget(
            name: "BrowserTests", dependencies: ["TestSupport", "WorkerTestSupport", .nioCore], exclude: ["Scripts"]),
        // The example of examples/shop, which is written in Python.
        .testTarget(name: "ExampleTests", dependencies: ["TestSupport"]),
        // A million random inputs for everything that reads bytes from outside; optimised in debug builds too.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Domain", "RedisClient", "RedisSchema", "Runtime", "Webhooks", "API", "TestSupport", .hummingbird,
                .nioCore,
            ], swiftSettings: [.unsafeFlags(["-O"])]),
        // Optimised in debug builds too: it is thousands of runs.
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Timing", "Domain", "RedisClient", "PostgresClient", "RedisSchema", "Ledger", "Engine", "CLua",
                "TestSupport", .nioCore,
            ], swiftSettings: [.unsafeFlags(["-O"])]),
    ]
)

let upcoming: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Optimised in debug builds too: the simulator and the fuzz tests run them millions of times.
let optimized = ["Domain", "RedisClient", "RedisSchema"]

for target in package.targets where optimized.contains(target.name) {
    target.swiftSettings = [.unsafeFlags(["-O"], .when(configuration: .debug))]
}

for target in package.targets where target.type != .system {
    // SwiftPM builds no product of another package that has unsafe flags.
    let isForOthers = target.name == "TicketBlitzClient"
    target.swiftSettings = (target.swiftSettings ?? []) + strict + (isForOthers ? [] : specialized)
    // Tests see several modules at once, on purpose.
    if target.type != .test { target.swiftSettings = (target.swiftSettings ?? []) + upcoming }
}
