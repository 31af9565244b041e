#pragma once

namespace lethe::bench {

/// One benchmark `edit/<method>` for each method of the model.
void register_editing_benchmarks();
/// `score_record`, `ask_edit_prompts`, and `task/<name>` for each task of the config.
void register_metrics_benchmarks();
/// `commit_segment/<width>`.
void register_storage_benchmarks();

}  // namespace lethe::bench
