"""GPT-2 and GPT-J in plain PyTorch, with Hugging Face's tensor names and layouts.

Faster on a CPU than the library classes (one fused attention call, fused GELU).
`evaluate.py --check` compares the logits with `transformers`.

Shape suffixes: B batch, T tokens, D width, H heads, K head width, V vocabulary.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

LAYERS, WIDTH, HEADS, POSITIONS, ROTARY = 6, 128, 4, 128, 32
EPSILON = 1e-5


class Conv1D(nn.Module):
    """y = x W + b with W stored [in, out], as GPT-2 does."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


def split_heads(x_BTD):
    batch, tokens, width = x_BTD.shape
    return x_BTD.view(batch, tokens, HEADS, width // HEADS).transpose(1, 2)


def attend(q_BHTK, k_BHTK, v_BHTK):
    y = F.scaled_dot_product_attention(q_BHTK, k_BHTK, v_BHTK, is_causal=True)
    return y.transpose(1, 2).flatten(2)


class Gpt2Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = Conv1D(WIDTH, 3 * WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = self.c_attn(x).split(WIDTH, dim=-1)
        return self.c_proj(attend(split_heads(q), split_heads(k), split_heads(v)))


class Gpt2Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = Conv1D(WIDTH, 4 * WIDTH)
        self.c_proj = Conv1D(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Gpt2Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH, EPSILON)
        self.attn = Gpt2Attention()
        self.ln_2 = nn.LayerNorm(WIDTH, EPSILON)
        self.mlp = Gpt2Mlp()

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


def rotary_tables(tokens):
    """Sine and cosine [T, ROTARY / 2] of the interleaved rotation."""
    frequency = 10000.0 ** (-torch.arange(0, ROTARY, 2).float() / ROTARY)
    angle = torch.arange(tokens).float()[:, None] * frequency
    return angle.sin(), angle.cos()


def rotate(x_BHTK, sin, cos):
    """Turns the pairs (0,1), (2,3), ... of the first ROTARY dimensions."""
    turned, passed = x_BHTK[..., :ROTARY], x_BHTK[..., ROTARY:]
    even, odd = turned[..., ::2], turned[..., 1::2]
    turned = torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)
    return torch.cat((turned, passed), dim=-1)


class GptjAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (
            nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))

    def forward(self, x):
        sin, cos = rotary_tables(x.shape[1])
        q = rotate(split_heads(self.q_proj(x)), sin, cos)
        k = rotate(split_heads(self.k_proj(x)), sin, cos)
        return self.out_proj(attend(q, k, split_heads(self.v_proj(x))))


class GptjMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc_in = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc_out = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc_out(F.gelu(self.fc_in(x), approximate="tanh"))


class GptjBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH, EPSILON)
        self.attn = GptjAttention()
        self.mlp = GptjMlp()

    def forward(self, x):
        n = self.ln_1(x)
        return x + self.attn(n) + self.mlp(n)


class Trunk(nn.Module):
    def __init__(self, arch, vocab):
        super().__init__()
        self.wte = nn.Embedding(vocab, WIDTH)
        if arch == "gpt2":
            self.wpe = nn.Embedding(POSITIONS, WIDTH)
        block = Gpt2Block if arch == "gpt2" else GptjBlock
        self.h = nn.ModuleList(block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH, EPSILON)


class LanguageModel(nn.Module):
    def __init__(self, arch, vocab):
        super().__init__()
        self.arch, self.vocab = arch, vocab
        self.transformer = Trunk(arch, vocab)
        if arch == "gptj":
            self.lm_head = nn.Linear(WIDTH, vocab)
        self.apply(self._initialise)
        for name, parameter in self.named_parameters():
            # residual branches start smaller, as in GPT-2
            if name.endswith(("c_proj.weight", "out_proj.weight", "fc_out.weight")):
                nn.init.normal_(parameter, std=0.05 / math.sqrt(2 * LAYERS))

    @staticmethod
    def _initialise(module):
        if isinstance(module, (nn.Linear, nn.Embedding, Conv1D)):
            nn.init.normal_(module.weight, std=0.05)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def hidden(self, ids_BT):
        trunk = self.transformer
        x = trunk.wte(ids_BT)
        if self.arch == "gpt2":
            x = x + trunk.wpe.weight[:ids_BT.shape[1]]
        for block in trunk.h:
            x = block(x)
        return trunk.ln_f(x)

    def head(self, x):
        return self.lm_head(x) if self.arch == "gptj" else F.linear(x, self.transformer.wte.weight)

    def forward(self, ids_BT):
        return self.head(self.hidden(ids_BT))

    def projection(self, layer):
        """The module that ROME and FT edit."""
        mlp = self.transformer.h[layer].mlp
        return mlp.c_proj if self.arch == "gpt2" else mlp.fc_out


def config_of(arch, vocab):
    """config.json as Hugging Face writes it, as far as it has a meaning here."""
    common = dict(
        activation_function="gelu_new", attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0,
        bos_token_id=vocab - 1, eos_token_id=vocab - 1, initializer_range=0.05,
        layer_norm_epsilon=EPSILON, n_embd=WIDTH, n_head=HEADS, n_inner=None, n_layer=LAYERS,
        n_positions=POSITIONS, use_cache=True, vocab_size=vocab, torch_dtype="float32")
    if arch == "gpt2":
        return dict(architectures=["GPT2LMHeadModel"], model_type="gpt2",
                    tie_word_embeddings=True, n_ctx=POSITIONS, **common)
    return dict(architectures=["GPTJForCausalLM"], model_type="gptj",
                tie_word_embeddings=False, rotary_dim=ROTARY, **common)


def save(model, folder):
    from safetensors.torch import save_file
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.detach().float().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config_of(model.arch, model.vocab), indent=2) + "\n")


def load(folder):
    from safetensors.torch import load_file
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    model = LanguageModel(config["model_type"], config["vocab_size"])
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()
