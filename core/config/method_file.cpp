#include "core/config/method_file.h"

#include "core/config/method_yaml.h"
#include "core/config/yaml_file.h"

namespace lethe::core::inline config {

MethodConfig load_method_config(const std::filesystem::path& path, const std::string& method,
                                const MethodCatalogue& methods, Fidelity fidelity) {
  ProblemList problems;
  const auto file = read_yaml_file(path, problems);
  problems.throw_if_any(path.string());
  auto config = read_method_config(methods, method, fidelity, YamlValue{&*file, file->root, "", &problems});
  problems.throw_if_any(path.string());
  return config;
}

}  // namespace lethe::core::inline config
