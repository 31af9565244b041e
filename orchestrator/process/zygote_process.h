#pragma once

namespace lethe::orchestrator::inline process {

/// Largest request or reply on the zygote's socket.
inline constexpr int kMaxZygoteMessageBytes = 64 * 1024;

/// The zygote's life: serves spawn and signal requests on `socket`, reports exits, kills every child and leaves when
/// the other end closes.
[[noreturn]] void run_zygote(int socket);

}  // namespace lethe::orchestrator::inline process
