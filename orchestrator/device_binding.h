#pragma once

#include <map>
#include <string>
#include <vector>

#include "orchestrator/process/zygote.h"
#include "orchestrator/scheduling/protocol.h"

namespace lethe::orchestrator {

/// Devices this job may use: entries of CUDA_VISIBLE_DEVICES if it is set, else the UUIDs that `nvidia-smi -L` lists;
/// empty if there are none.
std::vector<std::string> visible_devices(Zygote& zygote);

/// Environment of a rank's executor: compute threads as the config says and, with cuda, the one device that it may
/// see. Ranks of a host are dealt `executors_per_gpu` to a device, starting over when there are more.
std::map<std::string, std::string> executor_environment(const Welcome& welcome, int local_rank,
                                                        const std::vector<std::string>& devices);

}  // namespace lethe::orchestrator
