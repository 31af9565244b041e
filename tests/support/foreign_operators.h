#pragma once

namespace lethe::test {

/// Gives the stand-in device (foreign_device.h) its operations. Call once.
void register_foreign_operators();

}  // namespace lethe::test
