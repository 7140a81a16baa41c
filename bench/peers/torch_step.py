"""A training step of the bench's encoder in PyTorch, in several settings after one another; one JSON line each, as soon as it is measured.

    python3 torch_step.py --encoder plain|transformers --sizes '{"batch": 8, "dim_global": 768}' [...] --dtypes float32 bf16 --compile none default

`plain` is the encoder written for speed, `transformers` the BLT of that library. The work is that of train-step.ts: bytes and hash n-grams, local attention over the whole text,
cross attention of each patch to its own bytes, global attention over patches, mean, projection; 1 - cos + InfoNCE; clipping; AdamW (fused where the device has it).
`bf16` is autocast with masters in float32; `float32` allows TF32 on CUDA, as a user would run it. Ids of rows are hashed outside the clock in `plain`.
"""
import argparse
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

DEFAULTS = dict(batch=16, bytes=1024, stride=8, dim_local=128, layers_local=1, heads_local=4, dim_global=256, layers_global=4, heads_global=4,
                hash_rows=20000, hash_sizes=[3, 4, 5], out_dim=1024)
THETA = 500000.0


def hidden(width):
    return 256 * -(-int(8 * width / 3) // 256)


class Rotation(nn.Module):
    """Rotary positions in real numbers, so that compilers and bf16 take them."""

    def __init__(self, length, width):
        super().__init__()
        angles = torch.outer(torch.arange(length).float(), THETA ** (-torch.arange(0, width, 2).float() / width))
        self.register_buffer("cos", angles.cos().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angles.sin().repeat(1, 2), persistent=False)

    def forward(self, x):  # [batch, heads, length, width]; number i turns with i + width / 2
        left, right = x.chunk(2, dim=-1)
        turned = torch.cat((-right, left), dim=-1)
        return (x * self.cos + turned * self.sin).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, width, heads, length):
        super().__init__()
        self.heads = heads
        self.before_attention = nn.RMSNorm(width, eps=1e-5)
        self.before_feed = nn.RMSNorm(width, eps=1e-5)
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)
        self.feed = nn.Linear(width, 2 * hidden(width), bias=False)
        self.shrink = nn.Linear(hidden(width), width, bias=False)
        self.rotation = Rotation(length, width // heads)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.attend(self.before_attention(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(self.rotation(query), self.rotation(key), value)
        x = x + self.mix(seen.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.feed(self.before_feed(x)).chunk(2, dim=-1)
        return x + self.shrink(F.silu(gate) * up)


class PlainEncoder(nn.Module):
    def __init__(self, s):
        super().__init__()
        width, self.s = s["dim_local"], s
        self.copies, self.patches = s["dim_global"] // width, s["bytes"] // s["stride"]
        self.byte = nn.Embedding(260, width)
        self.tables = nn.ModuleList(nn.Embedding(s["hash_rows"], width) for _ in s["hash_sizes"])
        self.local = nn.ModuleList(Layer(width, s["heads_local"], s["bytes"]) for _ in range(s["layers_local"]))
        self.widen = nn.Linear(width, self.copies * width, bias=False)
        self.query_norm, self.key_norm = nn.RMSNorm(width, eps=1e-5), nn.RMSNorm(width, eps=1e-5)
        self.query = nn.Linear(width, width, bias=False)
        self.pair = nn.Linear(width, 2 * width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)
        self.over_patches = nn.ModuleList(Layer(s["dim_global"], s["heads_global"], self.patches) for _ in range(s["layers_global"]))
        self.head = nn.Linear(s["dim_global"], s["out_dim"])

    def forward(self, ids, rows):
        batch, width, heads = ids.shape[0], self.s["dim_local"], self.s["heads_local"]
        x = self.byte(ids)
        for table, row in zip(self.tables, rows):
            x = x + table(row)
        for layer in self.local:
            x = layer(x)
        x = x.view(batch * self.patches, self.s["stride"], width)
        start = self.widen(x.amax(dim=1)).view(-1, self.copies, width)
        query = self.query(self.query_norm(start)).view(-1, self.copies, heads, width // heads).transpose(1, 2)
        key, value = self.pair(self.key_norm(x)).view(-1, self.s["stride"], 2, heads, width // heads).permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(-1, self.copies, width)
        # Twice: the residual of the attention, and the patch's own.
        x = (2 * start + self.mix(seen)).view(batch, self.patches, -1)
        for layer in self.over_patches:
            x = layer(x)
        return F.normalize(self.head(x.mean(dim=1)).float(), dim=-1)


class TransformersEncoder(nn.Module):
    """BLT without its decoder, whose states are averaged and projected."""

    def __init__(self, s):
        super().__init__()
        from transformers import BltConfig, BltModel
        from transformers.models.blt import modeling_blt

        self.s, self.blt = s, modeling_blt
        self.patches = s["bytes"] // s["stride"]
        copies = s["dim_global"] // s["dim_local"]
        shared = dict(vocab_size=260, max_position_embeddings=8192, rms_norm_eps=1e-5, dropout=0.0, hidden_act="silu",
                      rope_parameters={"rope_type": "default", "rope_theta": THETA})

        def part(width, layers, heads, **more):
            return dict(shared, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=heads,
                        intermediate_size=hidden(width), **more)

        local = dict(cross_attn_k=copies, cross_attn_all_layers=False, hidden_size_global=s["dim_global"])
        config = BltConfig(
            vocab_size=260, patch_in_forward=False, cross_attn_k=copies, encoder_hash_byte_group_nb_functions=1,
            encoder_hash_byte_group_size=s["hash_sizes"], encoder_hash_byte_group_vocab=s["hash_rows"],
            encoder_config=part(s["dim_local"], s["layers_local"], s["heads_local"], **local),
            global_config=part(s["dim_global"], s["layers_global"], s["heads_global"]),
            decoder_config=part(s["dim_local"], 1, s["heads_local"], **local))
        config._attn_implementation = "sdpa"
        self.model = BltModel(config).float()
        del self.model.local_decoder
        self.head = nn.Linear(s["dim_global"], s["out_dim"])
        numbers = (torch.arange(s["bytes"]) // s["stride"]).expand(s["batch"], -1)
        mask = modeling_blt._prepare_patch_cross_attention_mask(
            patch_ids=numbers, num_patches=self.patches, sequence_length=s["bytes"], patches_as_queries=True, cross_attn_k=copies, dtype=torch.float32)
        self.register_buffer("numbers", numbers.contiguous(), persistent=False)
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("positions", torch.arange(self.patches)[None], persistent=False)

    def forward(self, ids, rows):
        s, model = self.s, self.model
        x = self.blt.compute_hash_embeddings(ids, model.local_encoder, model.encoder_hash_tok_embedding, 1, s["hash_sizes"], s["hash_rows"])
        _, patches = model.local_encoder(input_ids=ids, inputs_embeds=x, attention_mask=None, num_patches=self.patches, patch_ids=self.numbers,
                                         encoder_attention_mask=self.mask)
        states = model.global_transformer(inputs_embeds=patches.reshape(s["batch"], self.patches, -1), attention_mask=None, position_ids=self.positions)
        states = states[0] if isinstance(states, tuple) else states
        return F.normalize(self.head(states.mean(dim=1)).float(), dim=-1)


ENCODERS = dict(plain=PlainEncoder, transformers=TransformersEncoder)


def measure(kind, s, dtype, compiling, device, steps, warmup):
    torch.manual_seed(0)
    encoder = ENCODERS[kind](s).to(device)
    weights = sum(p.numel() for name, p in encoder.named_parameters() if "tables" not in name and "hash" not in name)
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-3, fused=True)
    if compiling == "none":
        run = encoder
    elif compiling == "aot-eager":
        run = torch.compile(encoder, backend="aot_eager")
    else:
        run = torch.compile(encoder, mode=compiling)

    def loss_of(ids, rows, target, places):
        with torch.autocast(device, dtype=torch.bfloat16, enabled=dtype == "bf16"):
            made = run(ids, rows)
        scores = made @ target.T / 0.05
        return (1 - (made * target).sum(-1)).mean() + F.cross_entropy(scores, places)

    places = torch.arange(s["batch"], device=device)
    times, loss = [], None
    processor = time.process_time()
    for step in range(warmup + steps):
        shape = (s["batch"], s["bytes"])
        ids = torch.randint(4, 260, shape, device=device)
        rows = [torch.randint(s["hash_rows"], shape, device=device) for _ in s["hash_sizes"]]
        target = F.normalize(torch.randn(s["batch"], s["out_dim"], device=device), dim=-1)
        if device == "cuda":
            torch.cuda.synchronize()
        if step == warmup:
            processor = time.process_time()
        start = time.perf_counter()
        loss = loss_of(ids, rows, target, places)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
        optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()
        if step >= warmup:
            times.append(time.perf_counter() - start)
    result = dict(encoder=kind, dtype=dtype, compile=compiling, batch=s["batch"], secondsPerStep=statistics.median(times), steps=steps,
                  processorSecondsPerStep=(time.process_time() - processor) / steps, loss=loss.item(), parametersWithoutHashTables=weights,
                  device=torch.cuda.get_device_name() if device == "cuda" else "cpu", torch=torch.__version__, threads=torch.get_num_threads())
    if device == "cuda":
        result["deviceBytes"] = torch.cuda.max_memory_allocated()
        torch.cuda.reset_peak_memory_stats()
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoder", choices=ENCODERS, default="plain")
    parser.add_argument("--sizes", nargs="+", default=["{}"], help="JSON objects of sizes that differ from the default")
    parser.add_argument("--dtypes", nargs="+", choices=["float32", "bf16"], default=["float32"])
    parser.add_argument("--compile", nargs="+", choices=["none", "default", "reduce-overhead", "aot-eager"], default=["none"],
                        help="modes of torch.compile; aot-eager traces and generates no code")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    failed = False
    for sizes in options.sizes:
        settings = dict(DEFAULTS, **json.loads(sizes))
        for compiling in options.compile:
            for dtype in options.dtypes:
                named = dict(encoder=options.encoder, dtype=dtype, compile=compiling, batch=settings["batch"])
                try:
                    torch._dynamo.reset() if compiling != "none" else None
                    print(json.dumps(measure(options.encoder, settings, dtype, compiling, device, options.steps, options.warmup)), flush=True)
                except Exception as error:  # The next setting may work.
                    failed = True
                    print(json.dumps(dict(named, error=f"{type(error).__name__}: {error}"[:2000])), flush=True)
                if device == "cuda":
                    torch.cuda.empty_cache()
    sys.exit(1 if failed else 0)


main()
