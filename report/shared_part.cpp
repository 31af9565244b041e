#include "report/shared_part.h"

#include <algorithm>
#include <vector>

namespace lethe::report {
namespace {

template <typename Point>
std::set<std::int64_t> edits_of(const std::vector<Point>& points) {
  std::set<std::int64_t> edits;
  for (const Point& point : points) edits.insert(point.edits);
  return edits;
}

/// Keeps the points up to `limit` that both have.
template <typename Point>
void keep_common(std::vector<Point>& one, std::vector<Point>& other, std::int64_t limit) {
  const auto of_one = edits_of(one);
  const auto of_other = edits_of(other);
  const auto is_lone = [&](const Point& point) {
    return point.edits > limit || !of_one.contains(point.edits) || !of_other.contains(point.edits);
  };
  std::erase_if(one, is_lone);
  std::erase_if(other, is_lone);
}

bool were_checked_alike(const CellHistory& one, const CellHistory& other, std::int64_t limit) {
  auto a = edits_of(one.forgetting);
  auto b = edits_of(other.forgetting);
  const auto is_common = [&](std::int64_t edits) { return edits <= limit && a.contains(edits) && b.contains(edits); };
  const auto last = std::find_if(a.rbegin(), a.rend(), is_common);
  if (last == a.rend()) return false;
  const auto edits = *last;
  a.erase(a.upper_bound(edits), a.end());
  b.erase(b.upper_bound(edits), b.end());
  return a == b;
}

const core::TaskRecord* find_task(const TaskPoint& point, const std::string& task) {
  const auto found = std::ranges::find(point.tasks, task, &core::TaskRecord::task);
  return found == point.tasks.end() ? nullptr : &*found;
}

bool is_asked_alike(const std::string& task, const CellHistory& one, const CellHistory& other) {
  const auto identity = one.task_identities.find(task);
  const auto other_identity = other.task_identities.find(task);
  const bool are_known = identity != one.task_identities.end() && other_identity != other.task_identities.end();
  if (are_known && identity->second != other_identity->second) return false;
  for (std::size_t i = 0; i < one.tasks.size(); ++i) {
    const auto* a = find_task(one.tasks[i], task);
    const auto* b = find_task(other.tasks[i], task);
    if (a == nullptr || b == nullptr || a->labels != b->labels) return false;
  }
  return true;
}

/// `shared.one` and `shared.other` have points at the same edits already.
void keep_tasks_asked_alike(SharedPart& shared) {
  std::set<std::string> names;
  for (const CellHistory* history : {&shared.one, &shared.other}) {
    for (const TaskPoint& point : history->tasks) {
      for (const core::TaskRecord& task : point.tasks) names.insert(task.task);
    }
  }
  for (const std::string& name : names) {
    if (!is_asked_alike(name, shared.one, shared.other)) shared.tasks_of_one_alone.insert(name);
  }
  for (CellHistory* history : {&shared.one, &shared.other}) {
    for (TaskPoint& point : history->tasks) {
      std::erase_if(point.tasks,
                    [&](const core::TaskRecord& task) { return shared.tasks_of_one_alone.contains(task.task); });
    }
    std::erase_if(history->tasks, [](const TaskPoint& point) { return point.tasks.empty(); });
  }
}

/// Perplexities of two texts say nothing of each other.
void keep_same_fixed_text(SharedPart& shared) {
  if (shared.one.monitor_identity == shared.other.monitor_identity) return;
  for (CellHistory* history : {&shared.one, &shared.other}) {
    for (MonitorPoint& point : history->monitor) {
      if (point.has_text()) shared.has_same_fixed_text = false;
      point.num_tokens = 0;
    }
  }
}

/// Nor do numbers of longer texts or of texts about more facts. Of the same facts, consistency is a mean over those
/// that have references, which must be the same ones. Both have points at the same edits.
void keep_same_texts(SharedPart& shared) {
  auto& one = shared.one.texts;
  auto& other = shared.other.texts;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].file.identity != other[i].file.identity) {
      shared.has_same_texts = false;
      one.clear();
      other.clear();
      return;
    }
    const bool are_compared = one[i].compared && other[i].compared;
    if (are_compared && (!shared.has_same_facts() || one[i].compared->case_ids == other[i].compared->case_ids))
      continue;
    if (are_compared) shared.has_same_references = false;
    one[i].compared = other[i].compared = std::nullopt;
  }
}

/// What stands edit by edit of the last point says nothing of another one.
void keep_last_scores(CellHistory& history, std::int64_t last_before) {
  const bool is_last = !history.all_edits.empty() && history.all_edits.back().edits == last_before;
  if (!is_last) history.last_all_edits.clear();
}

std::int64_t last_all_edits(const CellHistory& history) {
  return history.all_edits.empty() ? 0 : history.all_edits.back().edits;
}

}  // namespace

SharedPart shared_part(CellHistory one, CellHistory other) {
  SharedPart shared;
  const auto size = std::min(one.records.size(), other.records.size());
  shared.edits = static_cast<std::int64_t>(size);
  shared.has_same_checks = were_checked_alike(one, other, shared.edits);
  one.records.resize(size);
  other.records.resize(size);
  shared.has_same_case_ids =
      std::ranges::equal(one.records, other.records, {}, &core::MetricRecord::case_id, &core::MetricRecord::case_id);
  if (!one.requests.empty() && !other.requests.empty()) shared.has_same_records = one.requests == other.requests;
  const auto last_one = last_all_edits(one);
  const auto last_other = last_all_edits(other);
  keep_common(one.forgetting, other.forgetting, shared.edits);
  keep_common(one.tasks, other.tasks, shared.edits);
  keep_common(one.distances, other.distances, shared.edits);
  keep_common(one.all_edits, other.all_edits, shared.edits);
  keep_common(one.texts, other.texts, shared.edits);
  keep_common(one.monitor, other.monitor, shared.edits);
  keep_last_scores(one, last_one);
  keep_last_scores(other, last_other);
  shared.one = std::move(one);
  shared.other = std::move(other);
  keep_tasks_asked_alike(shared);
  keep_same_fixed_text(shared);
  keep_same_texts(shared);
  return shared;
}

}  // namespace lethe::report
