"""ROME and FT-C in compact PyTorch, for the search of hyper-parameters only.

The real implementations are in C++ (editing/); these follow the same published
procedure and skip what one-token targets do not need.
"""

import contextlib

import torch
import torch.nn.functional as F


class Tap:
    """Reads a projection's input and output, and may add a vector to its output at one position a row."""

    def __init__(self, module):
        self.module, self.delta, self.positions = module, None, None

    def __enter__(self):
        self.handle = self.module.register_forward_hook(self._hook)
        return self

    def __exit__(self, *_):
        self.handle.remove()

    def _hook(self, _module, inputs, output):
        self.input, self.output = inputs[0], output
        if self.delta is None:
            return output
        at = torch.zeros(output.shape[:2])
        at[torch.arange(len(self.positions)), self.positions] = 1
        return output + at[..., None] * self.delta


def padded(rows):
    """(ids [B, T], index of each row's last token); what follows the last token is never read."""
    longest = max(map(len, rows))
    return torch.tensor([r + [0] * (longest - len(r)) for r in rows]), torch.tensor([len(r) - 1 for r in rows])


def subject_end(prober, template, subject):
    """Index of the subject's last token (algorithm as published: lengths of the parts)."""
    before = template.split("{}")[0]
    if not before:
        return len(prober.encode(subject)) - 1
    return len(prober.encode(before[:-1])) + len(prober.encode(" " + subject)) - 1


@torch.no_grad()
def sample_contexts(prober, end_text, seed=3):
    """Twenty sampled beginnings, half of 5 tokens and half of 10, and the empty one."""
    generator = torch.Generator().manual_seed(seed)
    start = prober.encode(end_text)
    templates = ["{}"]
    for length in (5, 10):
        ids = torch.tensor([start] * 10)
        while ids.shape[1] < length:
            top = prober.model(ids)[:, -1].softmax(-1).topk(5)
            pick = torch.multinomial(top.values, 1, generator=generator)
            ids = torch.cat((ids, top.indices.gather(1, pick)), dim=1)
        for row in ids.tolist():
            text = prober.tokenizer.decode(row).replace(end_text, "").replace("\n\n", " ")
            templates.append(text.replace("{", " ").replace("}", " ") + ". {}")
    return templates


@torch.no_grad()
def second_moments(prober, layers, documents):
    """Per layer the mean outer product of the projection's inputs over all tokens, in double precision."""
    rows = sorted((prober.encode(d)[:128] for d in documents), key=len)
    totals, count = {layer: 0.0 for layer in layers}, 0
    with contextlib.ExitStack() as stack:
        taps = {layer: stack.enter_context(Tap(prober.model.projection(layer))) for layer in layers}
        for at in range(0, len(rows), 64):
            ids, last = padded(rows[at:at + 64])
            real = torch.arange(ids.shape[1]) <= last[:, None]
            prober.model.hidden(ids)
            count += int(real.sum())
            for layer, tap in taps.items():
                keys = tap.input[real]
                totals[layer] = totals[layer] + (keys.t() @ keys).double()
    return {layer: total / count for layer, total in totals.items()}


def rome_edit(prober, record, layer, contexts, inverse, clamp, rate=0.5, steps=20, kl_factor=0.0625, decay=0.5):
    """Edits the model in place. Returns the norm of the change relative to the weight."""
    model, rewrite = prober.model, record["requested_rewrite"]
    prompt, subject = rewrite["prompt"], rewrite["subject"]
    target = prober.word(rewrite["target_new"]["str"])
    templates = [c.format(prompt) for c in contexts] + ["{} is a"]
    rows = [prober.encode(t.format(subject)) for t in templates]
    positions = torch.tensor([subject_end(prober, t, subject) for t in templates])
    ids, last = padded(rows)
    each = torch.arange(len(rows))
    projection = model.projection(layer)

    with Tap(projection) as tap:
        with torch.no_grad():
            model.hidden(ids)
        keys = tap.input[each, positions][:-1]
        key, value = keys[0], tap.output[0, positions[0]].clone()
        delta = torch.zeros_like(value, requires_grad=True)
        optimizer = torch.optim.Adam([delta], lr=rate)
        tap.positions, original = positions, None
        for step in range(steps):
            tap.delta = delta
            hidden = model.hidden(ids)
            nll = -model.head(hidden[each[:-1], last[:-1]]).log_softmax(-1)[:, target].mean()
            essence = model.head(hidden[-1, positions[-1]]).log_softmax(-1)
            original = essence.detach() if original is None else original
            kl = F.kl_div(original, essence, log_target=True, reduction="sum")
            loss = nll + kl_factor * kl + decay * delta.norm() / value.norm() ** 2
            if loss < 0.05 or step == steps - 1:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                limit = clamp * value.norm()
                if delta.norm() > limit:
                    delta *= limit / delta.norm()

    with torch.no_grad():
        direction = inverse @ keys.double().mean(0)
        direction = (direction / direction.norm()).float()
        update = torch.outer(direction, delta.detach() / (key @ direction))
        weight = projection.weight if model.arch == "gpt2" else projection.weight.t()
        weight += update
        return (update.norm() / weight.norm()).item()


def ft_edit(prober, record, layer, rate, bound, steps=25):
    """Constrained fine-tuning of one projection, in place."""
    model, rewrite = prober.model, record["requested_rewrite"]
    ids = torch.tensor([prober.encode(rewrite["prompt"].format(rewrite["subject"]))])
    target = torch.tensor([prober.word(rewrite["target_new"]["str"])])
    tuned = list(model.projection(layer).parameters())
    start = [p.detach().clone() for p in tuned]
    optimizer = torch.optim.Adam(tuned, lr=rate)
    for _ in range(steps):
        loss = F.cross_entropy(model.head(model.hidden(ids)[:, -1]), target)
        if loss >= 0.01:
            optimizer.zero_grad()
            grads = torch.autograd.grad(loss, tuned)
            for p, g in zip(tuned, grads):
                p.grad = g
            optimizer.step()
        with torch.no_grad():
            for p, s in zip(tuned, start):
                p.copy_(torch.max(torch.min(p, s + bound), s - bound))
        if loss < 0.01:
            break
    return ((tuned[0] - start[0]).norm() / start[0].norm()).item()
