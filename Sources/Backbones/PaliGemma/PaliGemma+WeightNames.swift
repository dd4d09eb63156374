internal import NN

extension WeightNames {
    /// PaliGemma, as on the Hub; transformers 4 writes this layout, too.
    static let paliGemma = paliGemma(norms: [])

    /// PaliGemma 2, whose layers have norms at the end of their branches, too.
    static let paliGemma2 = paliGemma(
        norms: [
            ("post_attention_layernorm.weight", "attentionOutputNorm.weight"),
            ("pre_feedforward_layernorm.weight", "feedForwardNorm.weight"),
            ("post_feedforward_layernorm.weight", "feedForwardOutputNorm.weight"),
        ]
    )

    /// Names of a decoder whose layers' `norms` mean something else than a Llama's.
    private static func paliGemma(norms: [(published: String, parameter: String)]) -> WeightNames {
        WeightNames(
            siglip("vision_tower.vision_model.", "vision.") + [
                ("multi_modal_projector.linear.weight", "projector.weight"),
                ("multi_modal_projector.linear.bias", "projector.bias"),
            ]
                + norms.map {
                    ("language_model.model.layers.{}.\($0.published)", "decoder.layers.{}.\($0.parameter)")
                } + causalLanguageModel("language_model.model.", head: "language_model.lm_head.weight", ""),
            prefixes: [
                // Names in memory, which other tools save as they are.
                ("model.language_model.", "language_model.model."),
                ("model.vision_tower.", "vision_tower."),
                ("model.multi_modal_projector.", "multi_modal_projector."),
                ("lm_head.", "language_model.lm_head."),
                // transformers 5.
                ("vision_tower.embeddings.", "vision_tower.vision_model.embeddings."),
                ("vision_tower.encoder.", "vision_tower.vision_model.encoder."),
                ("vision_tower.post_layernorm.", "vision_tower.vision_model.post_layernorm."),
                ("vision_tower.head.", "vision_tower.vision_model.head."),
            ]
        )
    }
}
