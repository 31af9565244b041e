#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lethe::model::inline families {

/// No size of a real network comes near; keeps products of a hostile file inside 64 bits.
inline constexpr std::int64_t kMaxSize = 1 << 22;

/// The largest value of a config.json's whole number (a size or count, from 1), by its key without sections; nothing
/// for a key that no family reads as one.
std::optional<std::int64_t> largest_whole(std::string_view key);

/// The largest value of a config.json's real number, all of which are greater than 0; nothing for a key that no family
/// reads as one.
std::optional<double> largest_real(std::string_view key);

}  // namespace lethe::model::inline families
