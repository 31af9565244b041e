# Makes `lethe_torch` (LibTorch as a system interface) and `lethe_torch_pch` (its shared precompiled header).
include(LocateTorch)
set(LETHE_TORCH_WITHOUT_CONFIG AUTO CACHE STRING
    "Take LibTorch from its folders, without its own CMake files (cmake/ImportTorch.cmake): ON, OFF, AUTO (a CUDA build)")
set_property(CACHE LETHE_TORCH_WITHOUT_CONFIG PROPERTY STRINGS AUTO ON OFF)

# A build folder keeps its LibTorch until another one is named, so that a reconfiguration from another shell
# changes nothing. scripts/build names the one it located.
if(NOT EXISTS "${LETHE_TORCH_DIRECTORY}/TorchConfig.cmake" OR DEFINED LIBTORCH OR DEFINED ENV{LIBTORCH})
  lethe_locate_torch(_lethe_torch_directory _lethe_torch_origin _lethe_torch_notes)
  foreach(_lethe_note ${_lethe_torch_notes})
    message(STATUS "LibTorch: ${_lethe_note}; going on")
  endforeach()
  if(NOT _lethe_torch_directory)
    message(FATAL_ERROR "No LibTorch found. Run scripts/setup (installs Debian's libtorch-dev), or give one with "
                        "-DCMAKE_PREFIX_PATH or LIBTORCH, or activate a Python environment that has torch.")
  endif()
  set(LETHE_TORCH_DIRECTORY "${_lethe_torch_directory}" CACHE PATH "Folder of TorchConfig.cmake" FORCE)
  set(LETHE_TORCH_ORIGIN "${_lethe_torch_origin}" CACHE STRING "What named it" FORCE)
endif()

# TorchConfig.cmake caches what it found; with another LibTorch all of it is wrong.
if(NOT "${LETHE_TORCH_DIRECTORY}" STREQUAL "${LETHE_TORCH_CONFIGURED}")
  get_cmake_property(_lethe_cached CACHE_VARIABLES)
  foreach(_lethe_name ${_lethe_cached})
    if(_lethe_name MATCHES "^(Caffe2_DIR|TORCH_LIBRARY|[a-z0-9_]+_LIBRARY|C10_CUDA_LIBRARY|CAFFE2_.*|CUDA_.*|MKL_.*)$")
      unset(${_lethe_name} CACHE)
    endif()
  endforeach()
endif()
set(LETHE_TORCH_CONFIGURED "${LETHE_TORCH_DIRECTORY}" CACHE INTERNAL "LETHE_TORCH_DIRECTORY of the last configuration")

add_library(lethe_torch INTERFACE)
# Targets from TorchConfig.cmake.
function(_lethe_find_torch out_version)
  set(Torch_DIR "${LETHE_TORCH_DIRECTORY}" CACHE PATH "Folder of TorchConfig.cmake" FORCE)
  # TorchConfig.cmake looks for its parts (Caffe2, libtorch, libc10) where CMake looks by default, and would take the
  # system's: its own folder comes first.
  get_filename_component(prefix "${LETHE_TORCH_DIRECTORY}/../../.." ABSOLUTE)
  list(PREPEND CMAKE_PREFIX_PATH "${prefix}")
  get_filename_component(Caffe2_DIR "${LETHE_TORCH_DIRECTORY}/../Caffe2" ABSOLUTE)
  # Its own status lines and a warning about a static library that no program needs say nothing to a user.
  set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
  find_package(Torch 1.13 REQUIRED NO_DEFAULT_PATH)
  target_include_directories(lethe_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(lethe_torch INTERFACE ${TORCH_LIBRARIES})
  separate_arguments(flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  target_compile_options(lethe_torch INTERFACE ${flags})
  set(${out_version} ${Torch_VERSION} PARENT_SCOPE)
endfunction()

set(_lethe_without_config ${LETHE_TORCH_WITHOUT_CONFIG})
if(_lethe_without_config STREQUAL "AUTO")
  lethe_torch_has_cuda("${LETHE_TORCH_DIRECTORY}" _lethe_without_config)
endif()
if(_lethe_without_config)
  lethe_import_torch(lethe_torch "${LETHE_TORCH_DIRECTORY}" LETHE_TORCH_VERSION)
  if(LETHE_TORCH_VERSION VERSION_LESS 1.13)
    message(FATAL_ERROR "LibTorch ${LETHE_TORCH_VERSION} in ${LETHE_TORCH_DIRECTORY}: 1.13 or newer is needed")
  endif()
else()
  _lethe_find_torch(LETHE_TORCH_VERSION)
endif()

# What computes matrix products: the BLAS that libtorch_cpu.so needs, or one inside it.
function(_lethe_torch_blas out)
  find_library(library torch_cpu PATHS ${LETHE_TORCH_DIRECTORY}/../../../lib ${LETHE_TORCH_DIRECTORY}/../..
               NO_DEFAULT_PATH NO_CACHE)
  find_program(readelf NAMES ${CMAKE_READELF} readelf NO_CACHE)
  set(needed "")
  if(library AND readelf)
    execute_process(COMMAND ${readelf} -d ${library} OUTPUT_VARIABLE needed ERROR_QUIET)
  endif()
  if(needed MATCHES "\\[(lib(mkl|openblas)[^]]*)\\]")
    set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  elseif(needed MATCHES "\\[libblas\\.so\\.3\\]")
    find_library(system_blas NAMES libblas.so.3 NO_CACHE)
    get_filename_component(system_blas "${system_blas}" REALPATH)
    set(${out} "${system_blas}" PARENT_SCOPE)
    if(NOT system_blas MATCHES "openblas|mkl|blis|atlas")
      message(WARNING "libblas.so.3 is ${system_blas}: matrix products run about 20 times slower than with OpenBLAS. "
                      "Install libopenblas0-pthread, or choose it with update-alternatives --config "
                      "libblas.so.3-${CMAKE_LIBRARY_ARCHITECTURE}.")
    endif()
  else()
    set(${out} "its own" PARENT_SCOPE)
  endif()
endfunction()
_lethe_torch_blas(LETHE_TORCH_BLAS)
cmake_host_system_information(RESULT _lethe_processors QUERY NUMBER_OF_LOGICAL_CORES)
message(STATUS "LibTorch ${LETHE_TORCH_VERSION} (${LETHE_TORCH_ORIGIN}: ${LETHE_TORCH_DIRECTORY}), "
               "BLAS: ${LETHE_TORCH_BLAS}, ${_lethe_processors} processors (threads per executor: config, `threads:`)")

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/lethe_torch_pch.cpp CONTENT
     "// Only the precompiled header of this target is used.\n")
add_library(lethe_torch_pch STATIC ${PROJECT_BINARY_DIR}/lethe_torch_pch.cpp)
target_precompile_headers(lethe_torch_pch PRIVATE <ATen/ATen.h> <torch/types.h> <torch/csrc/autograd/generated/variable_factories.h>
  <map> <memory> <optional> <span> <string> <string_view> <variant> <vector>)
target_link_libraries(lethe_torch_pch PUBLIC lethe_torch)
lethe_set_warnings(lethe_torch_pch)
set(LetheTorch_FOUND TRUE)
