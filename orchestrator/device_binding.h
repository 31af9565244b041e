#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/nvidia_smi.h"
#include "orchestrator/process/zygote.h"
#include "orchestrator/scheduling/protocol.h"

namespace lethe::orchestrator {

/// Devices this job may use: entries of CUDA_VISIBLE_DEVICES if it is set, else the UUIDs that `nvidia-smi -L` lists;
/// empty if there are none.
std::vector<std::string> visible_devices(Zygote& zygote);

/// What the environment says of the devices that CUDA shows to a program.
struct DeviceChoice {
  std::optional<std::string> visible;  ///< CUDA_VISIBLE_DEVICES; nullopt: all
  bool is_in_pci_order = false;        ///< CUDA_DEVICE_ORDER: numbers are those of nvidia-smi
};
DeviceChoice device_choice();

/// Those of the listed GPUs that CUDA shows, up to the first entry that names none, as CUDA has it. Numbers count the
/// fastest first unless the choice is in PCI's order, and only CUDA knows which that is: then all of several kinds are
/// taken.
std::vector<core::ListedGpu> visible_gpus(const std::vector<core::ListedGpu>& gpus, const DeviceChoice& choice);

/// Environment of a rank's executor: compute threads as the config says and, with cuda, the one device that it may
/// see. Ranks of a host are dealt `executors_per_gpu` to a device, starting over when there are more.
std::map<std::string, std::string> executor_environment(const Welcome& welcome, int local_rank,
                                                        const std::vector<std::string>& devices);

}  // namespace lethe::orchestrator
