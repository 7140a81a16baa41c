"""Writes what transformers' BLT makes of given entropies and of a small random byte language model.

    python generate.py OUT_DIR

Needs: torch, transformers >= 5 (the model `blt`), safetensors. Everything is float32 on the CPU. Writes
OUT_DIR/boundaries.json: cases of entropies [bytes] and of the first byte of each patch (one text at a time, behind its begin id, whose own patch is left out);
OUT_DIR/entropy-model.safetensors: weights in transformers' names; OUT_DIR/entropy-model.json: its shape, texts (bytes) and their entropies [bytes] in nats.
"""
import json, os, sys
import torch
from safetensors.torch import save_file
from transformers.models.blt import modeling_blt as blt
from transformers.models.blt.configuration_blt import BltPatcherConfig

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
torch.manual_seed(5)


def starts_of(lengths):
    starts, at = [], 0
    for length in lengths:
        if length > 0:
            starts.append(at)
        at += length
    assert starts[:2] == [0, 1]
    return [start - 1 for start in starts[1:]]  # without the begin id


cases = []
for count, threshold, longest in [(1, 1.3, None), (2, 1.3, None), (3, 9.0, None), (40, 1.335442066192627, None),
                                  (60, 2.5, 4), (60, 9.0, 7), (50, 0.0, 3), (80, 2.0, 1), (200, 1.335442066192627, 16)]:
    entropies = torch.rand(1, count + 1) * 4  # behind the begin id and behind every byte; the last one predicts what does not come
    if count == 40:
        entropies[0, 5] = 1.335442066192627  # float32's nearest: above or equal must agree
    lengths = blt.BltPatcher.patch_lengths_from_entropies(entropies=entropies, sequence_length=count + 1, patch_size=1, threshold=threshold)
    lengths = blt.process_patch_lengths(lengths, longest)[0].tolist()
    cases.append(dict(entropies=entropies[0, :count].tolist(), threshold=threshold, maximumLength=longest, starts=starts_of(lengths)))
json.dump(cases, open(os.path.join(out, "boundaries.json"), "w"))

shape = dict(dimension=16, layers=2, heads=2, feedForward=24, window=8, ropeTheta=10000.0)
config = BltPatcherConfig(vocab_size=260, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512,
                          intermediate_size=24, sliding_window=8, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
config._attn_implementation = "eager"
model = blt.BltPatcher(config).eval().float()
with torch.no_grad():
    for name, w in model.named_parameters():  # spread the values: an all-ones norm or a tiny weight would hide a fault
        w.copy_(torch.randn_like(w) * 0.3 + 1.0 if "norm" in name else torch.randn_like(w) * (w.shape[-1] ** -0.5) * 2)
    texts = []
    for count in (1, 11, 16, 40, 61):
        text = torch.randint(0, 256, (1, count))
        ids = torch.cat([torch.tensor([[1]]), text + 4], dim=1)
        entropies, _, _ = model(input_ids=ids, patch_size=1, threshold=1.3, use_cache=False)
        texts.append(dict(bytes=text[0].tolist(), entropies=[float(f"{x:.8g}") for x in entropies[0, :count].tolist()]))
save_file({n: w.contiguous().clone() for n, w in model.state_dict().items() if "rotary" not in n}, os.path.join(out, "entropy-model.safetensors"))
json.dump(dict(shape=shape, texts=texts), open(os.path.join(out, "entropy-model.json"), "w"))
print({n: list(w.shape) for n, w in model.state_dict().items()})
