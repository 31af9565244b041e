#pragma once

#include <CLI/CLI.hpp>

namespace lethe::app {

/// Adds doctor: what a sweep rests on, as it is on this machine and in a folder, and what is wrong with it. `status` is
/// 1 then.
void add_doctor(CLI::App& app, int& status);

}  // namespace lethe::app
