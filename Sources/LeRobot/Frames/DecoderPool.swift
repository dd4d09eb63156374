/// The open video files of one thread, the newest of every camera.
struct DecoderPool {
    private var decoders: [String: (location: FileLocation, decoder: VideoDecoder)] = [:]

    /// A decoder for the file that holds an episode of a camera.
    mutating func decoder(
        dataset: LeRobotDataset,
        camera: String,
        episode: Episode
    ) throws(LeRobotError) -> VideoDecoder {
        if let open = decoders[camera], open.location == episode.videos[camera]?.location {
            return open.decoder
        }
        let decoder = try dataset.decoder(camera: camera, episode: episode)
        if let location = episode.videos[camera]?.location { decoders[camera] = (location, decoder) }
        return decoder
    }
}
