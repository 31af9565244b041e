#pragma once

namespace lethe::bench {

/// One benchmark `edit/<method>` for each method of the model.
void register_editing_benchmarks();
/// `key_history_step/<keys>`: of AlphaEdit's step what depends on the keys of earlier edits, for one layer at the
/// model's inner width, folds included.
void register_key_history_benchmarks();
/// `score_record`, `ask_edit_prompts`; for each task of the config `task/<name>` and, for each lowest edited layer,
/// `task_again/<name>/layer<n>`.
void register_metrics_benchmarks();
/// `commit_segment/<width>`.
void register_storage_benchmarks();

}  // namespace lethe::bench
