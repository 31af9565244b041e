#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What NVIDIA's driver tells of a machine's GPUs through its program `nvidia-smi`. Every text of it is taken for what
// it may be: lines that are no answer are passed over.

namespace lethe::core {

/// A GPU as its driver lists it, or a slice of one (MIG), which is a device of its own.
struct ListedGpu {
  int number = 0;                 ///< of the GPU, in the order of PCI's buses
  std::string uuid;               ///< "GPU-..."; of a slice "MIG-..."
  std::string name;               ///< "NVIDIA A100-SXM4-80GB"; of a slice with its profile, "... MIG 3g.40gb"
  std::string driver;             ///< its version
  std::int64_t memory_bytes = 0;  ///< of a slice by its profile; 0: not told
  std::int64_t free_bytes = 0;    ///< 0: not told
  bool is_split = false;          ///< MIG is on: its slices are used, never the whole
};

/// A device that programs may use: a whole GPU, or a slice in its place.
struct ListedDevice {
  std::string uuid;
  std::string gpu_uuid;  ///< of the GPU that it is, or is a slice of
  std::string profile;   ///< "3g.40gb"; empty for a whole GPU
};

/// What a machine's driver lists.
struct GpuListing {
  std::vector<ListedGpu> gpus;  ///< slices instead of GPUs that are split
  std::string trouble;          ///< why nothing is known though nvidia-smi is there; else empty
};

/// How long nvidia-smi may take for an answer: a node of eight GPUs whose driver is not kept loaded needs some 10 s.
inline constexpr std::chrono::seconds kNvidiaSmiLimit(20);

/// On PATH, else where drivers put it: batch jobs may have a bare PATH. nullopt where it is not.
std::optional<std::string> nvidia_smi_path();

/// Asks nvidia-smi once for all GPUs and, if one of them is split, once for their slices. No GPUs and no trouble where
/// it is not there, or finds none.
GpuListing list_gpus(
    std::chrono::milliseconds limit = kNvidiaSmiLimit, const std::function<bool()>& should_stop = [] { return false; });

/// The arguments that ask for what `parse_gpus` reads.
std::vector<std::string> gpu_query();
std::vector<ListedGpu> parse_gpus(std::string_view text);
/// Reads what `nvidia-smi -L` writes.
std::vector<ListedDevice> parse_devices(std::string_view text);
/// Puts slices in the place of the GPUs that are split; one without slices is no device.
std::vector<ListedGpu> with_slices(const std::vector<ListedGpu>& gpus, const std::vector<ListedDevice>& devices);

}  // namespace lethe::core
