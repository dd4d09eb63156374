import Foundation

extension DatasetCheck {
    /// Looks for an image in every row of the cameras whose images lie in the data files.
    func faultyImages() -> [String: FaultyImages] {
        var faults: [String: FaultyImages] = [:]
        for camera in dataset.cameras + dataset.depthCameras {
            guard dataset.info.features[camera]?.dtype == "image" else { continue }
            let column = ImageColumn(dataset: dataset, camera: camera)
            for episode in dataset.episodes.share(share.rank, of: share.size) where !episode.pieces.isEmpty {
                for frame in 0 ..< episode.length {
                    do throws(LeRobotError) {
                        try column.check(episode: episode, frame: frame)
                    } catch {
                        let finding = DatasetFinding(severity: .error, error, folder: dataset.folder.path)
                        faults[camera, default: FaultyImages(first: finding, count: 0)].count += 1
                    }
                }
            }
        }
        return faults
    }

    /// Adds a finding for every camera with faulty images, those of all processes.
    mutating func addFaultyImages(_ parts: [[String: FaultyImages]]) {
        for camera in dataset.cameras + dataset.depthCameras {
            let faults = parts.compactMap { $0[camera] }
            guard let first = faults.first?.first else { continue }
            let count = faults.reduce(0) { $0 + $1.count }
            add(
                first.file,
                camera,
                first.text + (count > 1 ? "; \(count - 1) more rows have no whole image" : "")
            )
        }
    }
}
