#pragma once

#include <exception>
#include <string>
#include <system_error>
#include <unordered_set>
#include <vector>

#include "core/error.h"

namespace lethe::worker::inline planning {

/// All that is wrong with the inputs, each problem once.
class ProblemCollector {
 public:
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  void add(const std::string& text) {
    if (known_.insert(text).second) problems_.push_back(text);
  }

  /// Runs one step; a problem of the inputs is noted and the inspection goes on.
  template <typename Step>
  bool attempt(const Step& step) {
    try {
      step();
      return true;
    } catch (const core::Error& error) {
      add(error.what());
    } catch (const std::system_error& error) {
      add(error.what());  // a path that cannot be followed
    }
    return false;
  }

 private:
  std::vector<std::string> problems_;
  std::unordered_set<std::string> known_;
};

}  // namespace lethe::worker::inline planning
