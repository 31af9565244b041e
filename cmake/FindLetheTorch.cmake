# Makes `lethe_torch` (LibTorch as a system interface) and `lethe_torch_pch` (its shared precompiled header).
find_package(Torch REQUIRED)
add_library(lethe_torch INTERFACE)
target_include_directories(lethe_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(lethe_torch INTERFACE ${TORCH_LIBRARIES})
separate_arguments(_lethe_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(lethe_torch INTERFACE ${_lethe_torch_flags})

file(WRITE ${PROJECT_BINARY_DIR}/lethe_torch_pch.cpp "// Only the precompiled header of this target is used.\n")
add_library(lethe_torch_pch STATIC ${PROJECT_BINARY_DIR}/lethe_torch_pch.cpp)
target_precompile_headers(lethe_torch_pch PRIVATE <ATen/ATen.h> <torch/types.h> <torch/csrc/autograd/generated/variable_factories.h>
  <map> <memory> <optional> <span> <string> <string_view> <variant> <vector>)
target_link_libraries(lethe_torch_pch PUBLIC lethe_torch)
lethe_set_warnings(lethe_torch_pch)
set(LetheTorch_FOUND TRUE)
