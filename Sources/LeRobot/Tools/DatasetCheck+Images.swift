import Foundation

extension DatasetCheck {
    /// Looks for an image in every row of the cameras whose images lie in the data files.
    mutating func checkImages() {
        for camera in dataset.cameras + dataset.depthCameras {
            guard dataset.info.features[camera]?.dtype == "image" else { continue }
            let column = ImageColumn(dataset: dataset, camera: camera)
            var first: LeRobotError?
            var count = 0
            for episode in dataset.episodes where !episode.pieces.isEmpty {
                for frame in 0 ..< episode.length {
                    do throws(LeRobotError) {
                        try column.check(episode: episode, frame: frame)
                    } catch {
                        first = first ?? error
                        count += 1
                    }
                }
            }
            guard let first else { continue }
            let finding = DatasetFinding(severity: .error, first, folder: dataset.folder.path)
            add(
                finding.file,
                camera,
                finding.text + (count > 1 ? "; \(count - 1) more rows have no whole image" : "")
            )
        }
    }
}
