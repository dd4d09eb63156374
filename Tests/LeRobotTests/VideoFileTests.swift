import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Video and image files")
struct VideoFileTests {
    @Test(
        "every frame comes back at its time, whatever the rate and codec",
        arguments: [1, 10, 23.976, 29.97, 80],
        VideoSettings.Codec.allCases
    )
    func rates(fps: Double, codec: VideoSettings.Codec) throws {
        let folder = try TemporaryFolder()
        let settings = VideoSettings(
            codec: codec,
            chroma: .halved,
            quality: 30,
            preset: codec == .av1 ? "12" : "medium",
            keyframeInterval: 7
        )
        let sample = SampleDataset(
            lengths: [11, 5, 21],
            cameras: ["front"],
            fps: fps,
            video: settings,
            width: 64,
            height: 64
        )
        try sample.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        for index in (0 ..< 37).shuffled() {
            #expect(try SampleDataset.number(in: dataset.frame(at: index, camera: "front")) == index)
        }
        let inOrder = try dataset.episodes.flatMap {
            try dataset.frames(episode: $0.index, camera: "front")
        }
        #expect(inOrder.map { SampleDataset.number(in: $0) } == Array(0 ..< 37))
    }

    @Test("colours come back")
    func colors() throws {
        let folder = try TemporaryFolder()
        let levels: [[UInt8]] = [
            [200, 30, 30], [30, 200, 30], [30, 30, 200], [255, 255, 255], [0, 0, 0],
        ]
        let images = levels.map { level in
            Image(width: 32, height: 32, pixels: (0 ..< 32 * 32).flatMap { _ in level })
        }
        let file = folder.appending(path: "video.mp4")
        try encodeMP4(frames: images, fps: 5, to: file)
        let decoder = try VideoDecoder(opening: file)
        for (index, level) in levels.enumerated() {
            let found = try decoder.frame(at: Double(index) / 5, fps: 5)
            for (value, expected) in zip(found.pixels[0 ..< 3], level) {
                #expect(
                    abs(Int(value) - Int(expected)) <= 6,
                    "image \(index): \(found.pixels[0 ..< 3])"
                )
            }
        }
    }

    @Test("a dataset keeps the colour of objects two pixels large")
    func smallThings() throws {
        let folder = try TemporaryFolder()
        var pixels = (0 ..< 32 * 32).flatMap { _ -> [UInt8] in [120, 90, 70] }
        let red: [UInt8] = [230, 20, 20]
        for pixel in [15 * 32 + 15, 15 * 32 + 16, 16 * 32 + 15, 16 * 32 + 16] {
            pixels.replaceSubrange(pixel * 3 ..< pixel * 3 + 3, with: red)
        }
        let file = folder.appending(path: "video.mp4")
        let encoder = try VideoEncoder(creating: file, width: 32, height: 32, fps: 5, settings: .dataset)
        for _ in 0 ..< 3 { try encoder.append(Image(width: 32, height: 32, pixels: pixels)) }
        try encoder.finish()
        let found = try VideoDecoder(opening: file).frame(at: 0.4, fps: 5).pixels
        for pixel in [15 * 32 + 15, 16 * 32 + 16] {
            for (value, expected) in zip(found[pixel * 3 ..< pixel * 3 + 3], red) {
                #expect(abs(Int(value) - Int(expected)) <= 30, "\(found[pixel * 3 ..< pixel * 3 + 3])")
            }
        }
    }

    @Test("a report's video has its index first and no B-frames, also for odd sizes")
    func reportVideo() throws {
        let folder = try TemporaryFolder()
        let file = folder.appending(path: "videos/run.mp4")
        let image = Image(width: 33, height: 17, pixels: Array(repeating: 90, count: 33 * 17 * 3))
        try encodeMP4(frames: Array(repeating: image, count: 4), fps: 10, to: file)
        let text = String(decoding: try Data(contentsOf: file), as: Unicode.ASCII.self)
        let index = try #require(text.range(of: "moov"))
        let media = try #require(text.range(of: "mdat"))
        #expect(index.lowerBound < media.lowerBound)
        #expect(text.contains("avc1"))
        let decoder = try VideoDecoder(opening: file)
        #expect((decoder.width, decoder.height) == (32, 16))
        #expect(folder.paths == ["videos", "videos/run.mp4"])
    }

    @Test("a dataset's video keeps odd sizes to the last pixel, halved colours refuse them")
    func oddSize() throws {
        let folder = try TemporaryFolder()
        let sample = SampleDataset(lengths: [], width: 33, height: 17)
        let file = folder.appending(path: "video.mp4")
        let encoder = try VideoEncoder(creating: file, width: 33, height: 17, fps: 10, settings: .dataset)
        for number in 0 ..< 12 { try encoder.append(sample.image(of: number * 300)) }
        try encoder.finish()
        let decoder = try VideoDecoder(opening: file)
        #expect((decoder.width, decoder.height) == (33, 17))
        for number in (0 ..< 12).reversed() {
            let image = try decoder.frame(at: Double(number) / 10, fps: 10)
            let expected = sample.image(of: number * 300).pixels
            #expect(SampleDataset.number(in: image) == number * 300)
            let errors = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }
            #expect(errors.reduce(0, +) < 3 * errors.count, "frame \(number)")
            #expect(errors.suffix(3).allSatisfy { $0 < 20 }, "frame \(number): \(errors.suffix(3))")
        }
        let half = folder.appending(path: "half.mp4")
        #expect(
            throws: LeRobotError.invalidData(
                field: "size of half.mp4",
                expected: "even numbers",
                found: "33x17"
            )
        ) { try VideoEncoder(creating: half, width: 33, height: 17, fps: 10, settings: .watching) }
        #expect(folder.paths == ["video.mp4"])
    }

    @Test("errors name the file that was asked for, never the one aside")
    func names() throws {
        let folder = try TemporaryFolder()
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        func message(_ frames: [Image], _ file: URL) -> String {
            #expect(throws: LeRobotError.self) { try encodeMP4(frames: frames, fps: 10, to: file) }?
                .description ?? ""
        }
        let videos = folder.appending(path: "videos")
        let below = try folder.write("", to: "videos/file").appending(path: "run.mp4")
        #expect(message([image], videos) == "\(videos.path): cannot be written: Is a directory")
        #expect(message([image], below) == "\(below.path): cannot be written: Not a directory")
        #expect(throws: LeRobotError.unwritable(file: below.path, reason: "Not a directory")) {
            try writePNG(image, to: below)
        }
        let file = videos.appending(path: "run.mp4")
        let thin = Image(width: 1, height: 32, pixels: Array(repeating: 90, count: 32 * 3))
        #expect(message([thin], file) == "size of run.mp4: expected even numbers, found 0x32")
        #expect(message([image, thin], file).hasPrefix("run.mp4: expected frames of 32x32 pixels"))
        #expect(folder.paths == ["videos", "videos/file"])
    }

    @Test("a time that the video does not have is an error")
    func noSuchTime() throws {
        let folder = try TemporaryFolder()
        let file = folder.appending(path: "video.mp4")
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        try encodeMP4(frames: Array(repeating: image, count: 4), fps: 10, to: file)
        let decoder = try VideoDecoder(opening: file)
        for time in [0.4, 100, -1, .nan, .infinity, -.infinity, 1e300] {
            #expect(throws: LeRobotError.self) { try decoder.frame(at: time, fps: 10) }
        }
        #expect(throws: LeRobotError.self) { try encodeMP4(frames: [], fps: 10, to: file) }
        _ = try decoder.frame(at: 0.3, fps: 10)
    }

    @Test("a PNG file holds the image exactly")
    func png() throws {
        let folder = try TemporaryFolder()
        let image = SampleDataset(lengths: []).image(of: 1234)
        let file = folder.appending(path: "image.png")
        try writePNG(image, to: file)
        let found = try VideoDecoder(opening: file).frame(at: 0, fps: 25)
        #expect(found == image)
    }
}
