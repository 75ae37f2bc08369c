// swift-tools-version: 6.2
import PackageDescription

/// In CI a warning is an error; a newer compiler's warnings do not stop anybody else.
let strict: [SwiftSetting] = Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

let package = Package(
    name: "TicketBlitz",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "API", targets: ["APIProgram"]),
        .executable(name: "Worker", targets: ["WorkerProgram"]),
        .executable(name: "Attack", targets: ["AttackProgram"]),
        // The three in one file, for the container image.
        .executable(name: "TicketBlitz", targets: ["TicketBlitz"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.10.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.3.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Without pkgConfig: Debian's hiredis.pc names a flag that SwiftPM warns about, and says nothing that is needed.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "Shared",
            dependencies: [
                "CHiredis", "CLibpq",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Scripts"), .embedInCode("Migrations")]
        ),
        .target(
            name: "API",
            dependencies: [
                "Shared",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            resources: [
                .embedInCode("Description/openapi.yaml"), .embedInCode("Lab/lab.sql"),
                .embedInCode("Lab/check_and_decrement.lua"), .embedInCode("Page/index.html"),
                .embedInCode("Page/page.css"), .embedInCode("Page/page.js"),
            ]
        ),
        .target(
            name: "Worker",
            dependencies: [
                "Shared",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(
            name: "Attack",
            dependencies: [
                "Shared",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ]
        ),
        .executableTarget(name: "APIProgram", dependencies: ["API"], path: "Sources/Programs/API"),
        .executableTarget(name: "WorkerProgram", dependencies: ["Worker"], path: "Sources/Programs/Worker"),
        .executableTarget(name: "AttackProgram", dependencies: ["Attack"], path: "Sources/Programs/Attack"),
        .executableTarget(
            name: "TicketBlitz", dependencies: ["API", "Worker", "Attack", "Shared"],
            path: "Sources/Programs/TicketBlitz"),
        .target(
            name: "TestSupport",
            dependencies: ["Shared", .product(name: "NIOPosix", package: "swift-nio")],
            path: "Tests/TestSupport"
        ),
        .testTarget(name: "SharedTests", dependencies: ["Shared", "TestSupport"]),
        .testTarget(name: "APITests", dependencies: ["API"]),
        // Debian's Lua 5.1, the language of Redis's scripts, to run ours without a server.
        .systemLibrary(name: "CLua", path: "Tests/CLua", providers: [.apt(["liblua5.1-0-dev"])]),
        // Optimised in debug builds too: it is thousands of runs.
        .testTarget(
            name: "SimulationTests", dependencies: ["CLua", "Shared", "TestSupport"],
            swiftSettings: [.unsafeFlags(["-O"])]),
        .testTarget(
            name: "AttackTests",
            dependencies: [
                "API", "Attack", "Worker", "Shared", "TestSupport",
                .product(name: "Hummingbird", package: "hummingbird"),
            ]),
        .testTarget(name: "FaultTests", dependencies: ["API", "Worker", "Shared", "TestSupport"]),
        .testTarget(name: "ServerTests", dependencies: ["API", "Worker", "Shared", "TestSupport"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = (target.swiftSettings ?? []) + strict
}
