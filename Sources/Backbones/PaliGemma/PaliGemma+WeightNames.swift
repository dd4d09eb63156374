internal import NN

extension WeightNames {
    /// PaliGemma, as on the Hub; transformers 4 writes this layout, too.
    static let paliGemma = WeightNames(
        siglip("vision_tower.vision_model.", "vision.") + [
            ("multi_modal_projector.linear.weight", "projector.weight"),
            ("multi_modal_projector.linear.bias", "projector.bias"),
            ("language_model.model.embed_tokens.weight", "embedding.weight"),
            (
                "language_model.model.layers.{}.input_layernorm.weight",
                "decoder.layers.{}.attentionNorm.weight"
            ),
            (
                "language_model.model.layers.{}.self_attn.q_proj.weight",
                "decoder.layers.{}.attention.projection.weight"
            ),
            (
                "language_model.model.layers.{}.self_attn.k_proj.weight",
                "decoder.layers.{}.attention.projection.weight"
            ),
            (
                "language_model.model.layers.{}.self_attn.v_proj.weight",
                "decoder.layers.{}.attention.projection.weight"
            ),
            (
                "language_model.model.layers.{}.self_attn.q_proj.bias",
                "decoder.layers.{}.attention.projection.bias"
            ),
            (
                "language_model.model.layers.{}.self_attn.k_proj.bias",
                "decoder.layers.{}.attention.projection.bias"
            ),
            (
                "language_model.model.layers.{}.self_attn.v_proj.bias",
                "decoder.layers.{}.attention.projection.bias"
            ),
            (
                "language_model.model.layers.{}.self_attn.o_proj.weight",
                "decoder.layers.{}.attention.output.weight"
            ),
            (
                "language_model.model.layers.{}.self_attn.o_proj.bias",
                "decoder.layers.{}.attention.output.bias"
            ),
            ("language_model.model.layers.{}.self_attn.rotary_emb.inv_freq", nil),
            (
                "language_model.model.layers.{}.post_attention_layernorm.weight",
                "decoder.layers.{}.feedForwardNorm.weight"
            ),
            (
                "language_model.model.layers.{}.mlp.gate_proj.weight",
                "decoder.layers.{}.feedForward.gate.weight"
            ),
            ("language_model.model.layers.{}.mlp.up_proj.weight", "decoder.layers.{}.feedForward.up.weight"),
            (
                "language_model.model.layers.{}.mlp.down_proj.weight",
                "decoder.layers.{}.feedForward.down.weight"
            ),
            ("language_model.model.norm.weight", "decoder.norm.weight"),
            ("language_model.lm_head.weight", "head.weight"),
        ],
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
