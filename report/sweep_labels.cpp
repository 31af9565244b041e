#include "report/sweep_labels.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

/// "a/b" of /x/a/b for two parts.
std::string last_parts(const fs::path& folder, std::size_t count) {
  std::vector<std::string> parts;
  for (const auto& part : folder.relative_path()) parts.push_back(part.string());
  const auto first = parts.size() - std::min(parts.size(), count);
  std::string text;
  for (std::size_t i = first; i < parts.size(); ++i) text += (text.empty() ? "" : "/") + parts[i];
  return text.empty() ? "/" : text;
}

bool are_distinct(const std::vector<std::string>& labels) {
  return std::set<std::string>(labels.begin(), labels.end()).size() == labels.size();
}

std::size_t most_parts(const std::vector<fs::path>& folders) {
  std::size_t most = 1;
  for (const auto& folder : folders) {
    most = std::max(most, static_cast<std::size_t>(std::distance(folder.begin(), folder.end())));
  }
  return most;
}

/// What is printed of a folder's name: folders may be called anything.
std::string as_label(const std::string& name) {
  std::string label;
  for (const char c : name) label += static_cast<unsigned char>(c) < 0x20U ? '?' : c;
  if (label.size() <= kLongestLabel) return label;
  auto begin = label.size() - kLongestLabel + 3;
  while (begin < label.size() && (static_cast<unsigned char>(label[begin]) & 0xC0U) == 0x80U) ++begin;
  return "..." + label.substr(begin);
}

void number_twins(std::vector<std::string>& labels) {
  std::set<std::string> taken;
  for (std::string& label : labels) {
    std::string name = label;
    for (int number = 2; !taken.insert(name).second; ++number) name = label + " (" + std::to_string(number) + ")";
    label = name;
  }
}

void require_usable(const std::vector<std::string>& labels, std::size_t num_folders) {
  if (labels.size() != num_folders) {
    throw core::ConfigError("--label: " + std::to_string(labels.size()) + " names for " + std::to_string(num_folders) +
                            " sweeps; give one for each, in the order of the folders, or none");
  }
  for (const auto& label : labels) {
    const bool is_printed = std::ranges::none_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
    if (label.empty() || label.size() > kLongestLabel || !is_printed) {
      throw core::ConfigError("--label \"" + label + "\": expected 1 to " + std::to_string(kLongestLabel) +
                              " bytes without control characters");
    }
  }
  if (!are_distinct(labels)) throw core::ConfigError("--label: one name is given to two sweeps; name each differently");
}

}  // namespace

std::vector<std::string> sweep_labels(const std::vector<fs::path>& folders, const std::vector<std::string>& asked) {
  if (!asked.empty()) {
    require_usable(asked, folders.size());
    return asked;
  }
  std::vector<fs::path> plain;
  for (const auto& folder : folders) {
    const auto path = fs::absolute(folder).lexically_normal();
    plain.push_back(path.has_filename() ? path : path.parent_path());
  }
  std::vector<std::string> labels;
  for (std::size_t count = 1; count <= most_parts(plain); ++count) {
    labels.clear();
    for (const auto& path : plain) labels.push_back(as_label(last_parts(path, count)));
    if (are_distinct(labels)) return labels;
  }
  // One folder twice, or names that are too long to be told apart.
  labels.clear();
  for (const auto& path : plain) labels.push_back(as_label(last_parts(path, 1)));
  number_twins(labels);
  return labels;
}

}  // namespace lethe::report
