#include "core/nvidia_smi.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/program_output.h"

namespace lethe::core {
namespace {

constexpr std::array kPlaces{"/usr/bin", "/usr/local/bin", "/bin"};
constexpr const char* kProgram = "nvidia-smi";
constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
constexpr std::int64_t kMostMebibytes = std::int64_t{1} << 30;
constexpr std::size_t kMostLetters = 100;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string_view trimmed(std::string_view text) {
  constexpr const char* kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// What may stand in a message: some printable ASCII.
bool is_word(std::string_view text) {
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !text.empty() && text.size() <= kMostLetters && std::ranges::all_of(text, is_printable);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// Of mebibytes; 0 for "[N/A]", "[Insufficient Permissions]" and whatever else is no number.
std::int64_t bytes_of(std::string_view text) {
  const auto mebibytes = whole_number(text).value_or(0);
  return mebibytes <= kMostMebibytes ? mebibytes * kMebibyte : 0;
}

/// The first fields of a line, and the rest of it as the last one: names may hold commas.
template <std::size_t kCount>
std::optional<std::array<std::string_view, kCount>> fields_of(std::string_view line) {
  std::array<std::string_view, kCount> fields;
  for (std::size_t i = 0; i + 1 < kCount; ++i) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    fields[i] = trimmed(line.substr(0, comma));
    line.remove_prefix(comma + 1);
  }
  fields.back() = trimmed(line);
  return fields;
}

std::optional<ListedGpu> parse_gpu(std::string_view line) {
  const auto fields = fields_of<7>(line);
  if (!fields) return std::nullopt;
  const auto& [index, uuid, memory, free, driver, mode, name] = *fields;
  const auto number = whole_number(index);
  const bool is_gpu = number && *number < 1000 && uuid.starts_with("GPU-") && is_word(uuid) && is_word(name);
  if (!is_gpu) return std::nullopt;
  return ListedGpu{static_cast<int>(*number), std::string(uuid),
                   std::string(name),         is_word(driver) ? std::string(driver) : std::string(),
                   bytes_of(memory),          bytes_of(free),
                   mode == "Enabled"};
}

/// "MIG 1c.3g.40gb     Device  0: (UUID: ...)": "1c.3g.40gb".
std::string profile_of(std::string_view line) {
  const auto words = trimmed(line);
  if (!words.starts_with("MIG ")) return {};
  const auto profile = trimmed(words.substr(4));
  return std::string(profile.substr(0, profile.find(' ')));
}

/// What the profile's name says: "3g.40gb" has 40e9, "1g.5gb+me" 5e9.
std::int64_t profile_bytes(const std::string& profile) {
  const auto end = profile.find("gb");
  if (end == std::string::npos) return 0;
  const auto dot = profile.rfind('.', end);
  const auto begin = dot == std::string::npos ? 0 : dot + 1;
  const auto gigabytes = whole_number(std::string_view(profile).substr(begin, end - begin)).value_or(0);
  return gigabytes < 10'000 ? gigabytes * 1'000'000'000 : 0;
}

std::string first_words(std::string_view text) {
  for (const auto& line : lines_of(text)) {
    if (const auto words = trimmed(line).substr(0, kMostLetters); is_word(words)) return ": " + std::string(words);
  }
  return {};
}

/// Why an answer is none; empty if it is one.
std::string trouble_of(const ProgramOutput& answer, std::chrono::milliseconds limit) {
  switch (answer.end) {
    case ProgramOutput::End::kNotStarted:
      return "nvidia-smi cannot be started";
    case ProgramOutput::End::kGivenUp:
      return "nvidia-smi gave no answer within " +
             std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) + " s";
    case ProgramOutput::End::kExited:
      break;
  }
  return answer.wait_status == 0 ? std::string() : "nvidia-smi failed" + first_words(answer.text);
}

}  // namespace

std::optional<std::string> nvidia_smi_path() {
  const char* variable = std::getenv("PATH");
  std::istringstream path(variable == nullptr ? "" : variable);
  std::vector<std::filesystem::path> folders;
  for (std::string folder; std::getline(path, folder, ':');) folders.emplace_back(folder);
  folders.insert(folders.end(), kPlaces.begin(), kPlaces.end());
  for (const auto& folder : folders) {
    const auto program = folder / kProgram;
    std::error_code ignored;
    const bool is_file = folder.is_absolute() && std::filesystem::is_regular_file(program, ignored);
    if (is_file && ::access(program.c_str(), X_OK) == 0) return program.string();
  }
  return std::nullopt;
}

std::vector<std::string> gpu_query() {
  return {"--query-gpu=index,uuid,memory.total,memory.free,driver_version,mig.mode.current,name",
          "--format=csv,noheader,nounits"};
}

std::vector<ListedGpu> parse_gpus(std::string_view text) {
  std::vector<ListedGpu> gpus;
  for (const auto& line : lines_of(text)) {
    if (auto gpu = parse_gpu(line)) gpus.push_back(std::move(*gpu));
  }
  return gpus;
}

std::vector<ListedDevice> parse_devices(std::string_view text) {
  constexpr std::string_view kMark = "UUID: ";
  std::vector<ListedDevice> devices;
  std::string gpu_uuid;
  for (const auto& line : lines_of(text)) {
    const auto begin = line.find(kMark);
    const auto end = line.rfind(')');
    if (begin == std::string::npos || end == std::string::npos || end <= begin + kMark.size()) continue;
    const auto uuid = line.substr(begin + kMark.size(), end - begin - kMark.size());
    const bool is_slice = uuid.starts_with("MIG");
    if (!is_slice) gpu_uuid = uuid;
    if (is_slice && !devices.empty() && devices.back().uuid == gpu_uuid) devices.pop_back();
    devices.push_back({uuid, gpu_uuid, is_slice ? profile_of(line) : std::string()});
  }
  return devices;
}

std::vector<ListedGpu> with_slices(const std::vector<ListedGpu>& gpus, const std::vector<ListedDevice>& devices) {
  std::vector<ListedGpu> usable;
  for (const auto& gpu : gpus) {
    if (!gpu.is_split) usable.push_back(gpu);
    for (const auto& device : devices) {
      const bool is_slice_of_it = gpu.is_split && device.gpu_uuid == gpu.uuid && is_word(device.profile);
      if (!is_slice_of_it) continue;
      usable.push_back({gpu.number, device.uuid, gpu.name + " MIG " + device.profile, gpu.driver,
                        profile_bytes(device.profile), 0, false});
    }
  }
  return usable;
}

GpuListing list_gpus(std::chrono::milliseconds limit, const std::function<bool()>& should_stop) {
  const auto path = nvidia_smi_path();
  if (!path) return {};
  auto question = gpu_query();
  question.insert(question.begin(), *path);
  const auto answer = output_of(question, limit, should_stop);
  if (trimmed(answer.text).starts_with("No devices were found")) return {};
  if (auto trouble = trouble_of(answer, limit); !trouble.empty()) return {{}, std::move(trouble)};
  const auto gpus = parse_gpus(answer.text);
  if (gpus.empty()) return {{}, "nvidia-smi wrote no list of GPUs" + first_words(answer.text)};
  if (std::ranges::none_of(gpus, &ListedGpu::is_split)) return {gpus, {}};
  const auto slices = output_of({*path, "-L"}, limit, should_stop);
  return {with_slices(gpus, parse_devices(slices.text)), trouble_of(slices, limit)};
}

}  // namespace lethe::core
