// Writes every target's seeds: write_seeds FOLDER makes FOLDER/<target>/seed-<number>.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/fuzz/targets.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_seeds FOLDER\n";
    return 64;
  }
  for (const auto& target : lethe::fuzz::all_targets()) {
    const auto folder = std::filesystem::path(argv[1]) / target.name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const auto& seed : lethe::fuzz::seeds_of(target)) {
      std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
    }
  }
  return 0;
}
