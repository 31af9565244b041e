#include "data/numpy_archive.h"

namespace lethe::data {

NumpyArray NumpyArchive::array(const std::string& name) const {
  archive_.check_crc(name + ".npy");
  return unchecked_array(name);
}

NumpyArray NumpyArchive::unchecked_array(const std::string& name) const {
  return numpy_array(archive_.member(name + ".npy").content, path().string() + ": array `" + name + "`");
}

}  // namespace lethe::data
