internal import NN

extension WeightNames {
    /// Qwen2.5-VL, as on the Hub; transformers writes this layout, too.
    static let qwen25VL = WeightNames(
        [
            ("visual.patch_embed.proj.weight", "vision.patches.weight"),
            ("visual.rotary_pos_emb.inv_freq", nil),
            ("visual.blocks.{}.norm1.weight", "vision.layers.{}.attentionNorm.weight"),
            ("visual.blocks.{}.attn.qkv.weight", "vision.layers.{}.attention.projection.weight"),
            ("visual.blocks.{}.attn.qkv.bias", "vision.layers.{}.attention.projection.bias"),
            ("visual.blocks.{}.attn.proj.weight", "vision.layers.{}.attention.output.weight"),
            ("visual.blocks.{}.attn.proj.bias", "vision.layers.{}.attention.output.bias"),
            ("visual.blocks.{}.norm2.weight", "vision.layers.{}.feedForwardNorm.weight"),
            ("visual.blocks.{}.mlp.gate_proj.weight", "vision.layers.{}.feedForward.gate.weight"),
            ("visual.blocks.{}.mlp.gate_proj.bias", "vision.layers.{}.feedForward.gate.bias"),
            ("visual.blocks.{}.mlp.up_proj.weight", "vision.layers.{}.feedForward.up.weight"),
            ("visual.blocks.{}.mlp.up_proj.bias", "vision.layers.{}.feedForward.up.bias"),
            ("visual.blocks.{}.mlp.down_proj.weight", "vision.layers.{}.feedForward.down.weight"),
            ("visual.blocks.{}.mlp.down_proj.bias", "vision.layers.{}.feedForward.down.bias"),
            ("visual.merger.ln_q.weight", "vision.merger.norm.weight"),
            ("visual.merger.mlp.0.weight", "vision.merger.hidden.weight"),
            ("visual.merger.mlp.0.bias", "vision.merger.hidden.bias"),
            ("visual.merger.mlp.2.weight", "vision.merger.output.weight"),
            ("visual.merger.mlp.2.bias", "vision.merger.output.bias"),
        ] + causalLanguageModel("model.", head: "lm_head.weight", "language."),
        prefixes: [
            // Names in memory, which other tools save as they are.
            ("model.visual.", "visual."),
            ("model.language_model.", "model."),
            // A network saved without its head.
            ("language_model.", "model."),
        ]
    )
}
