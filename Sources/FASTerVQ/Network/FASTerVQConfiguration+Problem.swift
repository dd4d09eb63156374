internal import Quantizers

extension FASTerVQConfiguration {
    /// Sizes beyond which a setting is taken for a mistake.
    private static let largestSize = 1 << 16

    /// Why there can be no such network, naming the setting; nil where there can.
    ///
    /// Patches are judged where there are any: a recipe does not name them, they follow from the robots.
    public var problem: String? {
        for (name, number, smallest) in sizes {
            if number > Self.largestSize {
                return "'\(name)' should be at most \(Self.largestSize), found \(number)"
            }
            if let problem = Self.problem(name, number, smallest: smallest) { return problem }
        }
        for (name, number) in [
            ("quantizer.kMeansRounds", quantizer.kMeansRounds), ("refinement.chunks", refinement.chunks),
            ("refinement.kMeansRounds", refinement.kMeansRounds),
        ] {
            if let problem = Self.problem(name, number, smallest: 1) { return problem }
        }
        if let problem = quantizer.problem { return problem }
        guard autoencoder.width % autoencoder.headCount == 0 else {
            return "'autoencoder.width' should be a multiple of \(autoencoder.headCount), as "
                + "'autoencoder.headCount' is \(autoencoder.headCount), found \(autoencoder.width)"
        }
        guard autoencoder.kernel % 2 == 1 else {
            return "'autoencoder.kernel' should be odd, found \(autoencoder.kernel)"
        }
        return nil
    }

    private static func problem(_ name: String, _ number: Int, smallest: Int) -> String? {
        number < smallest ? "'\(name)' should be at least \(smallest), found \(number)" : nil
    }

    /// What memory is asked for, each with its name and the smallest number that it may be.
    private var sizes: [(name: String, number: Int, smallest: Int)] {
        let network = [
            ("autoencoder.encoderLayers", autoencoder.encoderLayers, 0),
            ("autoencoder.decoderLayers", autoencoder.decoderLayers, 0),
            ("autoencoder.headCount", autoencoder.headCount, 1),
            ("autoencoder.width", autoencoder.width, 1),
            ("autoencoder.stepWidth", autoencoder.stepWidth, 1),
            ("autoencoder.latentWidth", autoencoder.latentWidth, 1),
            ("autoencoder.kernel", autoencoder.kernel, 1),
            ("quantizer.codebookCount", quantizer.codebookCount, 1),
            ("quantizer.codebookSize", quantizer.codebookSize, 1),
            ("refinement.codebookCount", refinement.codebookCount, 0),
        ]
        let cuts = patches.sorted { $0.key < $1.key }.flatMap { kind, shape in
            [
                ("patches.\(kind).steps", shape.steps, 1), ("patches.\(kind).columns", shape.columns, 1),
                ("patches.\(kind).pieces", shape.pieces, 1), ("patches.\(kind).members", shape.members, 1),
            ]
        }
        return (network + cuts).map { (name: $0.0, number: $0.1, smallest: $0.2) }
    }
}
