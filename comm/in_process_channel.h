#pragma once

#include <memory>
#include <vector>

#include "comm/channel.h"

namespace lethe::comm {

/// `num_ranks` channels connected within this process, usable from one thread or from a thread each.
/// Messages are encoded and decoded as on the wire. Index is rank.
std::vector<std::unique_ptr<Channel>> connect_in_process(int num_ranks);

}  // namespace lethe::comm
