#pragma once

#include <string>

namespace lethe::test {

/// Gives the stand-in device (foreign_device.h) its operations. Call once.
void register_foreign_operators();
/// What every operation throws; empty: nothing.
void set_foreign_fault(std::string text);

}  // namespace lethe::test
