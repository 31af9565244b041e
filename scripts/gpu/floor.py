"""The least that an operation has to compute and to read, and the time which that takes at a device's peaks.

A multiply-add counts as two operations. Attention's own products and everything of one vector's size are left out (under
2 % at these lengths). What a good program saves is saved: a step runs the layers above the value alone, from the
subject's last token on; nothing is computed twice; weights are read once a pass. docs/benchmarks.md says it in words.
"""

import dataclasses

FLOAT_BYTES = 4
DOUBLE_BYTES = 8


@dataclasses.dataclass(frozen=True)
class Shape:
    layers: int
    width: int
    inner: int
    vocab: int
    block: int  # weights of a block's projections: attention's and the MLP's

    @property
    def head(self):
        return self.width * self.vocab


@dataclasses.dataclass(frozen=True)
class Work:
    flops: float = 0.0
    bytes: float = 0.0

    def __add__(self, other):
        return Work(self.flops + other.flops, self.bytes + other.bytes)


@dataclasses.dataclass(frozen=True)
class Peaks:
    """Measured, in fp32 without TF32 as lethe computes; copies count bytes read and written."""

    flops: float
    bytes: float

    def seconds(self, work):
        return max(work.flops / self.flops, work.bytes / self.bytes)


def passes(shape, count, layers, positions, heads):
    """`count` passes of `positions` through `layers` blocks, `heads` of them through the head; weights read once each."""
    weights = layers * shape.block
    return Work(
        count * 2.0 * (weights * positions + shape.head * heads),
        count * FLOAT_BYTES * (weights + (shape.head if heads else 0)),
    )


def value_edit(shape, counts):
    """ROME, MEMIT and what solves like them: rows once through the model, losses and their gradients above the value, solves."""
    moments, edited = counts["moments"], counts["edited_layers"]
    above = shape.layers - (counts["lowest_layer"] + edited - 1) - 1
    # The last loss has no gradient. The KL row is read once more than there are contexts.
    turns = 2.0 * counts["losses"] - 1.0
    work = passes(shape, 1, shape.layers, counts["row_tokens"], 0)
    work += passes(shape, turns, above, counts["step_positions"], counts["rows"])
    # A pair of triangular solves in fp64 with each second moment, half a matrix each.
    work += Work(2.0 * moments * shape.inner**2, DOUBLE_BYTES * moments * shape.inner**2)
    if edited > 1:  # keys of the layers above the lowest, after its change
        work += passes(shape, 1, edited - 1, counts["step_positions"], 0)
    return work


def fine_tune_edit(shape, counts):
    """FT-C: each step a pass, and back down to the layer that is tuned."""
    steps, tokens = counts["losses"], counts["row_tokens"]
    above = shape.layers - counts["lowest_layer"]
    return passes(shape, steps, shape.layers, tokens, 1) + passes(shape, steps, above, tokens, 1)


def mend_edit(shape, counts):
    """One pass, back down to the lowest edited block, and the editor's networks over the prompt's tokens."""
    tokens = counts["row_tokens"]
    above = shape.layers - counts["lowest_layer"]
    editor = counts["editor_weights"]
    return (
        passes(shape, 1, shape.layers, tokens, 1)
        + passes(shape, 1, above, tokens, 1)
        + Work(2.0 * above * editor * tokens, FLOAT_BYTES * editor)
    )


def of_benchmark(name, shape, counts):
    """The work of one iteration of a benchmark of lethe_bench; None where none is stated."""
    parts = name.split("/")
    if parts[0] == "edit":
        method = parts[1]
        edit = {"mend": mend_edit, "ft-c": fine_tune_edit}.get(method, value_edit)
        return edit(shape, counts)
    if parts[0] in ("score_record", "ask_edit_prompts"):
        rows = 100 if parts[0] == "ask_edit_prompts" else 13
        return passes(shape, 1, shape.layers, counts["tokens"], rows)
    if parts[0] in ("task", "task_again"):
        # All weights are read for the shared prefix, for the prompts, and for each further token of the answers.
        layers = shape.layers - (int(parts[2].removeprefix("layer")) if parts[0] == "task_again" else 0)
        prompts = passes(shape, 1, layers, counts["tokens"], counts["rows"])
        readings = 1 + max(0.0, counts["new_tokens"] - 1)
        return prompts + Work(0.0, readings * FLOAT_BYTES * layers * shape.block)
    return None
