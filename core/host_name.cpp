#include "core/host_name.h"

#include <unistd.h>

#include <array>

namespace lethe::core {

std::string host_name() {
  std::array<char, 256> name{};  // a name that is cut may lack its end
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

}  // namespace lethe::core
