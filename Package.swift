// swift-tools-version: 6.2
import PackageDescription

// Every Swift target is compiled with the same strictness; CI takes warnings for errors.
let warnings: [SwiftSetting] = Context.environment["CI"] == "true" ? [.treatAllWarnings(as: .error)] : []
let strict: [SwiftSetting] =
    warnings + [
        .enableUpcomingFeature("ExistentialAny"),  // SE-0335
        .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
        .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    ]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + dependencies,
        resources: resources,
        swiftSettings: strict
    )
}

// Targets are listed bottom-up, which is also the order to read them in: a target may depend only on
// targets above it (`Scripts/check-layers.py`).
let package = Package(
    name: "FASTer",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "faster", targets: ["faster"]),
        // A robot's or a simulator's side, without libtorch
        .library(name: "PolicyProtocol", targets: ["PolicyProtocol", "RobotTypes"]),
        .library(name: "PolicyServer", targets: ["PolicyServer", "PolicyProtocol", "RobotTypes"]),
        .library(name: "LeRobot", targets: ["LeRobot", "RobotTypes"]),
        .library(name: "ActionTokenizers", targets: ["ActionTokenizers", "RobotTypes"]),
        // Models, with libtorch
        .library(name: "FASTerVQ", targets: ["FASTerVQ", "ActionTokenizers", "RobotTypes", "Torch"]),
        .library(
            name: "FASTerVLA",
            targets: ["FASTerVLA", "CPUInference", "FASTerVQ", "ActionTokenizers", "RobotTypes", "Torch"]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    ],
    targets: [
        // 0. Nouns, and the doors to native libraries
        module("Support"),
        module("RobotTypes", ["Support"]),
        .systemLibrary(name: "CLibTorch", pkgConfig: "libtorch"),
        .target(
            name: "CTorch",
            dependencies: ["CLibTorch"],
            cxxSettings: [.define("USE_C10D_GLOO")]
        ),
        module("Torch", ["CTorch"]),
        // 1. File formats and layers
        module("Safetensors", ["Support"]),
        module("Numpy", ["Support"]),
        .systemLibrary(name: "CArrow", pkgConfig: "faster-parquet"),
        .target(name: "CParquet", dependencies: ["CArrow"]),
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavformat",
            providers: [.apt(["libavformat-dev", "libswscale-dev"])]
        ),
        module("LeRobot", ["CParquet", "CFFmpeg", "RobotTypes", "Support"]),
        .target(name: "CICU", linkerSettings: [.linkedLibrary("icuuc")]),
        .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),
        module("TextTokenizers", ["CSentencePiece", "CICU"]),
        module("ImageProcessing", ["RobotTypes"]),
        .target(name: "CKernels"),
        module("NN", ["CKernels", "Torch", "Safetensors"]),
        // 2. Models
        module(
            "Backbones",
            ["TextTokenizers", "ImageProcessing", "NN", "Torch", "Safetensors", "RobotTypes", "Support"]
        ),
        module(
            "ActionTokenizers",
            ["TextTokenizers", "Support", "RobotTypes", .product(name: "Crypto", package: "swift-crypto")]
        ),
        module("VectorQuantization", ["CKernels", "NN", "Support", "Torch"]),
        module(
            "FASTerVQ",
            [
                "VectorQuantization", "ActionTokenizers", "NN", "Support", "Torch", "RobotTypes",
            ]
        ),
        module(
            "CPUInference",
            ["CKernels", "FASTerVQ", "VectorQuantization", "Backbones", "NN", "Torch", "RobotTypes"]
        ),
        module(
            "LearnedBaselines",
            ["VectorQuantization", "Support", "ActionTokenizers", "NN", "Torch", "RobotTypes"]
        ),
        module(
            "TokenizerRegistry",
            [
                "CPUInference", "FASTerVQ", "LearnedBaselines", "ActionTokenizers", "Torch", "RobotTypes",
                "Support",
            ]
        ),
        // 3. The policy
        module(
            "FASTerVLA",
            [
                "TokenizerRegistry", "FASTerVQ", "CPUInference", "Backbones", "ActionTokenizers", "NN",
                "Torch", "TextTokenizers", "Safetensors", "RobotTypes",
                "Support",
            ]
        ),
        // 4. Uses of tokenizer and policy
        module(
            "Training",
            [
                "FASTerVLA", "TokenizerRegistry", "FASTerVQ", "LearnedBaselines", "VectorQuantization",
                "Backbones",
                "ActionTokenizers",
                "LeRobot", "NN", "Torch", "Safetensors", "RobotTypes", "Support",
                .product(name: "Yams", package: "Yams"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .systemLibrary(name: "CMsgPack", pkgConfig: "msgpack", providers: [.apt(["libmsgpack-dev"])]),
        module("PolicyProtocol", ["CMsgPack", "RobotTypes"]),
        module(
            "PolicyServer",
            [
                "PolicyProtocol", "RobotTypes",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        module("Evaluation", ["RobotTypes", "Support"]),
        module(
            "Recording",
            [
                "PolicyServer", "PolicyProtocol", "Evaluation", "ActionTokenizers", "LeRobot", "Numpy",
                "RobotTypes", "Support",
            ]
        ),
        module("Reports", ["Evaluation", "ActionTokenizers", "RobotTypes", "Support"]),
        module(
            "Comparison",
            [
                "Training", "TokenizerRegistry", "FASTerVQ", "Reports", "Evaluation", "ActionTokenizers",
                "LeRobot", "Torch", "RobotTypes",
            ]
        ),
        // 5. The command line
        .executableTarget(
            name: "faster",
            dependencies: [
                "Training", "FASTerVLA", "FASTerVQ", "TokenizerRegistry", "ActionTokenizers", "LeRobot",
                "PolicyServer", "PolicyProtocol", "Recording", "Evaluation", "Comparison", "Reports", "NN",
                "Torch", "Numpy", "Support", "RobotTypes",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        // Measurements beside peers, `make benchmark`.
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "CPUInference", "Training", "TokenizerRegistry", "FASTerVLA", "FASTerVQ",
                "VectorQuantization", "ActionTokenizers", "Backbones", "LeRobot",
                "PolicyServer", "Torch", "NN", "Support", "RobotTypes",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Sources",
            swiftSettings: strict
        ),
        // Text tokenizers and image processors beside their Python libraries, `make test-peers`.
        .executableTarget(
            name: "processor-parity",
            dependencies: ["TextTokenizers", "ImageProcessing", "Backbones", "Torch", "RobotTypes"],
            path: "Tests/ProcessorParity",
            swiftSettings: strict
        ),
        // Backbones beside transformers, `make parity`.
        .executableTarget(
            name: "backbone-parity",
            dependencies: [
                "FASTerVLA", "Backbones", "NN", "Safetensors", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/BackboneParity",
            swiftSettings: strict
        ),
        // Programs to start from.
        .executableTarget(
            name: "RobotClient",
            dependencies: [
                "PolicyProtocol", "RobotTypes",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Examples/RobotClient",
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "TokenizeActions",
            dependencies: [
                "FASTerVQ", "ActionTokenizers", "Numpy", "Torch", "RobotTypes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Examples/TokenizeActions",
            exclude: ["README.md"],
            swiftSettings: strict
        ),
        // Tests mirror the sources.
        .target(name: "TemporaryFolder", path: "Tests/TemporaryFolder", swiftSettings: strict),
        .target(
            name: "PythonPeer",
            dependencies: ["TemporaryFolder"],
            path: "Tests/PythonPeer",
            swiftSettings: strict
        ),
        .target(
            name: "GoldenTensors",
            dependencies: ["NN", "Safetensors", "Torch"],
            path: "Tests/GoldenTensors",
            swiftSettings: strict
        ),
        .target(
            name: "RankThreads",
            dependencies: ["Torch"],
            path: "Tests/RankThreads",
            swiftSettings: strict
        ),
        // Every part in tiny form, for any device.
        .target(
            name: "DeviceCases",
            dependencies: [
                "FASTerVLA", "FASTerVQ", "LearnedBaselines", "VectorQuantization", "ActionTokenizers",
                "Backbones",
                "NN", "Torch", "RobotTypes",
            ],
            path: "Tests/DeviceCases",
            swiftSettings: strict
        ),
        // Kernels that libtorch has for the meta device in Python only.
        .target(name: "MetaKernels", dependencies: ["CLibTorch"], path: "Tests/MetaKernels"),
        // A device beside the CPU, `make test-gpu`.
        .executableTarget(
            name: "device-parity",
            dependencies: [
                "DeviceCases", "FASTerVLA", "NN", "Torch", "RobotTypes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/DeviceParity",
            swiftSettings: strict
        ),
        .testTarget(
            name: "MetaDeviceTests",
            dependencies: ["DeviceCases", "MetaKernels", "NN", "Torch"],
            swiftSettings: strict
        ),
        tests("RobotTypes", ["Support"]),
        tests("Support", ["TemporaryFolder"]),
        tests("Torch", ["RankThreads"]),
        tests("Safetensors", ["TemporaryFolder"]),
        tests("TextTokenizers", ["TemporaryFolder"], resources: [.copy("Golden")]),
        tests("ImageProcessing", ["TemporaryFolder", "RobotTypes"], resources: [.copy("Golden")]),
        tests("Numpy", ["PythonPeer", "TemporaryFolder"], resources: [.copy("Peers")]),
        tests(
            "ActionTokenizers",
            ["PythonPeer", "TemporaryFolder", "RobotTypes", "Support"],
            resources: [.copy("Golden"), .copy("Peers")]
        ),
        tests("NN", ["GoldenTensors", "TemporaryFolder", "Torch"], resources: [.copy("Golden")]),
        tests(
            "Backbones",
            [
                "GoldenTensors", "TemporaryFolder", "ImageProcessing", "TextTokenizers", "NN", "Torch",
                "Support",
            ],
            resources: [.copy("Golden")]
        ),
        tests(
            "CPUInference",
            ["FASTerVQ", "VectorQuantization", "ActionTokenizers", "Torch", "RobotTypes"]
        ),
        tests("VectorQuantization", ["GoldenTensors", "NN", "Torch"], resources: [.copy("Golden")]),
        tests(
            "FASTerVQ",
            [
                "GoldenTensors", "TemporaryFolder", "VectorQuantization", "ActionTokenizers", "LeRobot", "NN",
                "Support", "Torch", "RobotTypes",
            ],
            resources: [.copy("Golden")]
        ),
        tests(
            "TokenizerRegistry",
            [
                "TemporaryFolder", "FASTerVQ", "LearnedBaselines", "ActionTokenizers", "Torch", "RobotTypes",
                "Support",
            ]
        ),
        tests(
            "LearnedBaselines",
            [
                "TemporaryFolder", "ActionTokenizers", "VectorQuantization", "NN", "Torch", "RobotTypes",
                "Support",
            ]
        ),
        tests(
            "FASTerVLA",
            [
                "GoldenTensors", "TemporaryFolder", "DeviceCases", "FASTerVQ", "VectorQuantization",
                "ActionTokenizers", "Backbones", "CPUInference", "NN", "PolicyProtocol", "PolicyServer",
                "Torch",
                "RobotTypes",
                "Support",
            ],
            resources: [.copy("Golden")]
        ),
        tests(
            "Training",
            [
                "RankThreads", "TemporaryFolder", "MetaKernels", "TokenizerRegistry", "ActionTokenizers",
                "Backbones", "FASTerVLA", "FASTerVQ", "LearnedBaselines", "VectorQuantization", "LeRobot",
                "ImageProcessing", "NN", "Torch", "RobotTypes", "Support",
            ]
        ),
        tests("PolicyProtocol", ["PythonPeer", "RobotTypes"], resources: [.copy("Peers")]),
        tests(
            "PolicyServer",
            [
                "PolicyProtocol", "PythonPeer", "RobotTypes",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.copy("Peers")]
        ),
        tests(
            "Recording",
            [
                "PolicyServer", "PolicyProtocol", "ActionTokenizers", "LeRobot", "PythonPeer",
                "TemporaryFolder", "RobotTypes",
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.copy("Peers")]
        ),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "Evaluation", "PolicyServer", "PolicyProtocol", "PythonPeer", "TemporaryFolder", "RobotTypes",
                "Support",
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Peers", "Golden"],
            swiftSettings: strict
        ),
        tests("Comparison", ["Evaluation", "ActionTokenizers", "RobotTypes"]),
        tests(
            "LeRobot",
            ["CFFmpeg", "TemporaryFolder", "RobotTypes", "Support"],
            resources: [.copy("Golden")]
        ),
        tests("Reports", ["ActionTokenizers", "TemporaryFolder"]),
        tests(
            "faster",
            [
                "RobotClient", "TokenizeActions", "LeRobot", "Numpy", "RobotTypes", "PythonPeer",
                "Safetensors", "TemporaryFolder", "Torch",
            ],
            resources: [.copy("Peers"), .copy("Golden")]
        ),
    ],
    cxxLanguageStandard: .cxx20
)
