"""Results as Markdown, ready for docs/benchmarks.md."""

from gpu import floor


def _bench_rows(results):
    for step, row in results.rows.items():
        if step.startswith("bench/"):
            for benchmark in row.get("benchmarks", []):
                yield step, row, benchmark


def peaks_of(results):
    rates = {m["name"].split("/")[1]: m for _, _, m in _bench_rows(results) if m["name"].startswith("device/")}
    if "multiply_fp32" not in rates or "copy" not in rates:
        return None, {}
    values = {name: m.get("flops", m.get("bytes")) for name, m in rates.items()}
    return floor.Peaks(values["multiply_fp32"], values["copy"]), values


def _number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"


def _short(name):
    return name.removesuffix("/real_time")


def _seconds(benchmark):
    return benchmark["real_time"] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}[benchmark["time_unit"]]


def _shape(context):
    return floor.Shape(int(context["num_layers"]), int(context["width"]), int(context["inner_width"]),
                       int(context["vocab_size"]), int(context["block_weights"]))  # fmt: skip


def model_table(results, model, peaks):
    lines = [
        f"| `{model}` | seconds | TFLOP | GB read | floor, s | share of the floor | peak GPU memory, GB |",
        "|---|---|---|---|---|---|---|",
    ]
    for step, row, benchmark in _bench_rows(results):
        if not step.startswith(f"bench/{model}/"):
            continue
        name, seconds = _short(benchmark["name"]), _seconds(benchmark)
        work = floor.of_benchmark(name, _shape(row["context"]), benchmark)
        least = peaks.seconds(work) if peaks and work else None
        cells = [
            f"`{name}`",
            _number(seconds),
            _number(work and work.flops * 1e-12),
            _number(work and work.bytes * 1e-9),
            _number(least),
            "-" if least is None else f"{100 * least / seconds:.0f} %",
            _number(row.get("gpu_gb")),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines if len(lines) > 2 else []


def _step_row(step, row):
    told = [f"{k} {row[k]}" for k in ("edits", "ranks", "segments", "of") if k in row]
    if row.get("why"):
        told.append(row["why"].replace("|", "\\|"))
    if row.get("failed"):
        told.append("failed: " + ", ".join(row["failed"]))
    memory = _number(row.get("gpu_gb"))
    return f"| {step} | {row['status']} | {_number(row['seconds'])} | {memory} | {'; '.join(told)} |"


def report(results, machine, models):
    peaks, values = peaks_of(results)
    lines = [f"* {name}: {value}" for name, value in machine.items() if value]
    if values:
        told = [
            f"fp32 {values['multiply_fp32'] * 1e-12:.3g} TFLOP/s",
            f"fp64 {values['multiply_fp64'] * 1e-12:.3g} TFLOP/s" if "multiply_fp64" in values else "",
            f"copies {_number(values['copy'] * 1e-9)} GB/s",
        ]
        lines.append(f"* peaks measured: {', '.join(t for t in told if t)}")
    lines += ["", "| step | result | seconds | peak GPU memory, GB | |", "|---|---|---|---|---|"]
    lines += [_step_row(step, row) for step, row in results.rows.items()]
    for model in models:
        table = model_table(results, model, peaks)
        lines += ["", *table] if table else []
    return "\n".join(lines) + "\n"
