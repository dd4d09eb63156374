"""Tiny pi0_fast checkpoints, saved by lerobot's own classes, and what lerobot's policy answers to observations.

Everything is lerobot 0.6.1's but two things: its variants of the network begin at 300 million parameters, so the sizes are
made smaller when the network is created (`shrink`); and the Python class of FAST's processor, which is on the Hub only, has
a stand-in with the same attributes (PROCESSOR), whose vocabulary `tokenizers` trains here. Random weights never answer with
actions, so that a checkpoint learns a few random chunks by heart, by lerobot's own loss.

The tokenizers have the names of the real ones, in a cache of the Hub of their own: lerobot's saved pre-processor does not say
which text tokenizer it was made with, and takes PaliGemma's.
"""

import json
import os
import pathlib
import sys
import tempfile

HOME = tempfile.TemporaryDirectory()
os.environ |= {"HF_HOME": HOME.name, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str((ROOT / ".deps").resolve() / "lerobot-0.6.1"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from scipy.fft import dct  # noqa: E402

torch.set_num_threads(1)
# Beside the CPU build of torch, torchvision's wheel lacks its compiled operators, and asks for these when imported.
library = torch.library.Library("torchvision", "DEF")
if torch.version.cuda is None:
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from lerobot.configs import FeatureType, NormalizationMode, PolicyFeature  # noqa: E402
from lerobot.policies.factory import make_pre_post_processors  # noqa: E402
from lerobot.policies.pi0_fast import modeling_pi0_fast  # noqa: E402
from lerobot.policies.pi0_fast.configuration_pi0_fast import PI0FastConfig  # noqa: E402
from lerobot.policies.pi0_fast.modeling_pi0_fast import PI0FastPolicy  # noqa: E402
from lerobot.policies.pi0_fast.processor_pi0_fast import make_pi0_fast_pre_post_processors  # noqa: E402
from safetensors import safe_open  # noqa: E402
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

SKIPPED = 128
ACTION_WORDS = 300
TEXT, ACTION = "google/paligemma-3b-pt-224", "lerobot/fast-action-tokenizer"
HORIZON, COLUMNS, STATES = 8, 3, 5
CAMERAS = {"observation.images.wrist": (48, 64), "observation.images.front": (56, 56)}
TASKS = ["pick up the red block", " Close_the drawer ", "push the button\nslowly", "do nothing"]

# --- Tokenizers


def cached(name):
    """Folder of a new model in the cache of the Hub."""
    model = pathlib.Path(HOME.name, "hub", "models--" + name.replace("/", "--"))
    (model / "refs").mkdir(parents=True)
    (model / "refs/main").write_text("0" * 40)
    folder = model / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    return folder


def finish(folder):
    """Shortens a folder's tokenizer.json, and adds a config.json: where it is missing, transformers asks the Hub."""
    (folder / "config.json").write_text("{}\n")
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(json.loads(file.read_text()), ensure_ascii=False, separators=(",", ":")) + "\n")


def make_text_tokenizer():
    """PaliGemma's, small: pieces of words, then <locNNNN> and <segNNN>, which the tokens of actions lie over.

    Returns its folder and the number of tokens.
    """
    folder = cached(TEXT)
    names = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split(Regex("▁+|[A-Za-z]+|[0-9]|[^▁A-Za-z0-9]"), "isolated")
    letters = [chr(code) for code in range(33, 127)] + ["\n", "▁"]
    trainer = trainers.BpeTrainer(vocab_size=180, initial_alphabet=letters, show_progress=False, special_tokens=names)
    states = " ".join(map(str, range(0, 256, 17)))
    texts = [f"Task: {task}, State: {states};\n" for task in TASKS] * 5 + ["Action: |"] * 200
    trained.train_from_iterator(texts, trainer)
    model = json.loads(trained.to_str())["model"]
    vocabulary, merges = model["vocab"], [tuple(merge) for merge in model["merges"]]
    extras = [f"<loc{index:04}>" for index in range(ACTION_WORDS)] + [f"<seg{index:03}>" for index in range(SKIPPED)]
    for piece in extras:
        vocabulary[piece] = len(vocabulary)
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, fuse_unk=True, unk_token="<unk>", byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in [*names, "<image>"]])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", 2)]
    )
    roles = dict(bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **roles).save_pretrained(folder)
    finish(folder)
    return folder, len(vocabulary)


PROCESSOR = '''"""FAST's processor (arXiv 2501.09747), as far as lerobot uses it: the published class is on the Hub only."""

import numpy as np
from scipy.fft import dct
from transformers.processing_utils import ProcessorMixin


class UniversalActionProcessor(ProcessorMixin):
    attributes = ["bpe_tokenizer"]
    bpe_tokenizer_class = "AutoTokenizer"

    def __init__(self, bpe_tokenizer, scale=10, vocab_size=1024, min_token=0, *, action_dim=None, time_horizon=None):
        self.scale, self.vocab_size, self.min_token = scale, vocab_size, min_token
        self.action_dim, self.time_horizon = action_dim, time_horizon
        super().__init__(bpe_tokenizer)

    def __call__(self, chunks):
        words = np.around(dct(np.asarray(chunks), axis=1, norm="ortho") * self.scale) - self.min_token
        texts = ["".join(map(chr, np.maximum(word.flatten(), 0).astype(int))) for word in words]
        return self.bpe_tokenizer(texts)["input_ids"]
'''


def curves(count, seed):
    """Smooth chunks, about -1 to 1."""
    random = np.random.default_rng(seed)
    time = np.linspace(0, 1, HORIZON)[None, :, None]

    def draw(low, high):
        return random.uniform(low, high, (count, 1, COLUMNS))

    return draw(-0.6, 0.6) + draw(-0.8, 0.8) * time + draw(0, 0.5) * np.sin(draw(1, 7) * time + draw(0, 6))


def make_action_tokenizer():
    """FAST's, small: byte-level pairs in texts whose characters are coefficients minus the smallest one.

    Returns its folder.
    """
    folder = cached(ACTION)
    scale = 40
    words = [np.around(dct(chunk, axis=0, norm="ortho") * scale).astype(int).flatten() for chunk in curves(600, 1)]
    smallest, largest = min(map(min, words)), max(map(max, words))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    # The bytes of the characters, as the tokenizer spells them.
    texts = ["".join(chr(symbol - smallest) for symbol in word) for word in words]
    spelled = [piece for code in range(largest - smallest + 1) for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(chr(code))]
    trainer = trainers.BpeTrainer(
        vocab_size=ACTION_WORDS, show_progress=False, initial_alphabet=sorted(set("".join(spelled))), max_token_length=10000
    )
    tokenizer.train_from_iterator(texts, trainer)
    assert tokenizer.get_vocab_size() <= ACTION_WORDS
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False)
    fast.save_pretrained(folder / "bpe_tokenizer")
    finish(folder / "bpe_tokenizer")
    (folder / "processing_action_tokenizer.py").write_text(PROCESSOR)
    configuration = {
        "action_dim": None,
        "auto_map": {"AutoProcessor": "processing_action_tokenizer.UniversalActionProcessor"},
        "min_token": int(smallest),
        "processor_class": "UniversalActionProcessor",
        "scale": scale,
        "time_horizon": None,
        "vocab_size": ACTION_WORDS,
    }
    (folder / "processor_config.json").write_text(json.dumps(configuration, indent=2) + "\n")
    return folder


# --- Checkpoints


def shrink(config, vocabulary_size):
    """Everything smaller but the width of heads, which no tensor's shape tells."""
    text, vision = config.text_config, config.vision_config
    text.vocab_size = vocabulary_size
    text.hidden_size, text.intermediate_size, text.num_hidden_layers = 32, 48, 2
    text.num_attention_heads, text.num_key_value_heads, text.head_dim = 2, 1, 256
    vision.hidden_size, vision.intermediate_size, vision.num_hidden_layers = 72, 40, 1
    vision.num_attention_heads, vision.image_size, vision.projection_dim = 1, 56, text.hidden_size
    config.projection_dim = text.hidden_size
    return config


def use_small_networks(vocabulary_size):
    whole = modeling_pi0_fast.PaliGemmaForConditionalGenerationWithPiGemma
    whole = getattr(whole, "whole", whole)

    def small(config):
        return whole(shrink(config, vocabulary_size))

    small.whole = whole
    modeling_pi0_fast.PaliGemmaForConditionalGenerationWithPiGemma = small


def statistics(seed):
    random = np.random.default_rng(seed)
    result = {}
    for name, width in [("observation.state", STATES), ("action", COLUMNS)]:
        center, scale = random.uniform(-2, 2, width), random.uniform(0.5, 3, width)
        places = dict(mean=0, min=-1.2, max=1.2, q01=-1, q99=1, q10=-0.8, q90=0.8)
        result[name] = {key: (center + place * scale).astype(np.float32) for key, place in places.items()}
        result[name]["std"] = (0.5 * scale).astype(np.float32)
    return result


def observations(statistics, count, seed):
    """Pictures of a random colour with noise, states about as spread as the statistics, tasks in turn."""
    random = np.random.default_rng(seed)
    normal = statistics["observation.state"]
    for index in range(count):
        images = {name: picture(size, random) for name, size in CAMERAS.items()}
        state = (normal["mean"] + normal["std"] * random.normal(size=STATES)).astype(np.float32)
        yield images, state, TASKS[index % len(TASKS)]


def picture(size, random):
    colour = random.integers(0, 192, 3)
    return (colour + random.integers(0, 64, (*size, 3))).astype(np.uint8)


def examples(statistics, seed):
    """For every task an observation, one that differs in the state, and one that differs in the pictures."""
    first, second = (list(observations(statistics, len(TASKS), seed + offset)) for offset in (0, 1000))
    for (images, state, task), (other_images, other_state, _) in zip(first, second, strict=True):
        yield from [(images, state, task), (images, other_state, task), (other_images, state, task)]


def batch(images, state, task):
    """An observation as lerobot's robots and environments give it."""
    pictures = {name: torch.from_numpy(image).permute(2, 0, 1).float() / 255 for name, image in images.items()}
    return pictures | {"observation.state": torch.from_numpy(state), "task": task}


def learn(policy, before, after, examples, steps, seed):
    """Learns random chunks for a few observations by heart."""
    parts = []
    for example, chunk in zip(examples, curves(len(examples), seed), strict=True):
        observed = before(batch(*example))  # keeps the state for relative actions
        action = after(torch.from_numpy(chunk[None].astype(np.float32)))
        parts.append(before(batch(*example) | {"action": action}))
        assert torch.equal(parts[-1]["observation.language.tokens"], observed["observation.language.tokens"])
    keys = [key for key, value in parts[0].items() if isinstance(value, torch.Tensor) and value.ndim]
    inputs = {key: torch.cat([part[key] for part in parts]) for key in keys}
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    policy.train()
    for _ in range(steps):
        loss, _ = policy(inputs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1)
        optimizer.step()
    policy.eval()
    return loss.item()


def save_checkpoint(folder, vocabulary_size, mode="MEAN_STD", seed=0, steps=150, rename={}, is_tied=False, **options):
    """Writes a checkpoint; returns the statistics and the examples."""
    use_small_networks(vocabulary_size)
    cameras = {name: PolicyFeature(FeatureType.VISUAL, (3, *size)) for name, size in CAMERAS.items()}
    mode = NormalizationMode(mode)
    config = PI0FastConfig(
        input_features=cameras | {"observation.state": PolicyFeature(FeatureType.STATE, (STATES,))},
        output_features={"action": PolicyFeature(FeatureType.ACTION, (COLUMNS,))},
        normalization_mapping={"VISUAL": NormalizationMode.IDENTITY, "STATE": mode, "ACTION": mode},
        chunk_size=HORIZON,
        n_action_steps=HORIZON,
        image_resolution=(56, 56),
        tokenizer_max_length=64,
        max_action_tokens=48,
        max_decoding_steps=48,
        device="cpu",
        **options,
    )
    numbers = statistics(seed)
    torch.manual_seed(seed)
    policy = PI0FastPolicy(config)
    if is_tied:  # as lerobot 0.4 and openpi save them: one table, under the head's name
        network = policy.model.paligemma_with_expert.paligemma
        network.model.language_model.embed_tokens.weight = network.lm_head.weight
    before, after = make_pi0_fast_pre_post_processors(config, numbers)
    learnt = list(examples(numbers, seed))
    loss = learn(policy, before, after, learnt, steps, seed)
    before.steps[0].rename_map = rename
    policy.save_pretrained(folder)
    with safe_open(pathlib.Path(folder, "model.safetensors"), "pt") as file:
        assert is_tied != any("embed_tokens" in key for key in file.keys())
    before.save_pretrained(folder)
    after.save_pretrained(folder)
    print(f"{folder}: loss {loss:.4f} after {steps} steps", flush=True)
    return numbers, learnt


class Peer:
    """lerobot's policy, loaded from a folder with its processors."""

    def __init__(self, folder, vocabulary_size):
        use_small_networks(vocabulary_size)
        self.policy = PI0FastPolicy.from_pretrained(folder).eval()
        self.before, self.after = make_pre_post_processors(self.policy.config, pretrained_path=str(folder))

    def prompt(self, observation):
        inputs = self.before(observation)
        mask = inputs["observation.language.attention_mask"]
        return inputs["observation.language.tokens"][mask].tolist()

    def answer(self, observation):
        """The tokens that lerobot samples, and the scores of the first one."""
        inputs = self.before(observation)
        images, masks = self.policy._preprocess_images(inputs)
        tokens, mask = (inputs[f"observation.language.{key}"] for key in ("tokens", "attention_mask"))
        scores = []
        head = self.policy.model.paligemma_with_expert.paligemma.lm_head
        hook = head.register_forward_hook(lambda module, inputs, output: scores.append(output[0, -1]))
        steps = self.policy.config.max_decoding_steps
        with torch.no_grad():
            answer = self.policy.model.sample_actions_fast_kv_cache(images, masks, tokens, mask, max_decoding_steps=steps)
        hook.remove()
        return answer[0].tolist(), scores[0], images

    def actions(self, observation):
        """The chunk in the robot's units; raises where lerobot does."""
        return self.after(self.policy.predict_action_chunk(self.before(observation)))[0].numpy()

    def words(self, answer):
        """Tokens of an answer between the mark and the end, as far as each has a meaning; None where one has not."""
        text = self.policy._paligemma_tokenizer
        mark = text.encode("Action: ", add_special_tokens=False)
        if answer[: len(mark)] != mark:
            return None
        end = text.convert_tokens_to_ids("|")
        words = answer[len(mark) : answer.index(end) if end in answer else len(answer)]
        bpe = self.policy.action_tokenizer.bpe_tokenizer
        tokens = [text.vocab_size - 1 - SKIPPED - word for word in words]
        if not all(0 <= token < len(bpe) for token in tokens) or "\ufffd" in bpe.decode(tokens):
            return None
        return words
