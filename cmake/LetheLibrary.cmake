# lethe_add_library(<folder> [TORCH] SOURCES ... [PUBLIC targets...] [PRIVATE targets...])
# A folder is a target is a namespace: `editing/` is lethe_editing, alias lethe::editing.
# TORCH: the folder's units see LibTorch; they share one precompiled header.
find_program(LETHE_CCACHE ccache)
if(LETHE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${LETHE_CCACHE})
endif()

function(lethe_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                           -Werror=return-type)
  if(LETHE_CCACHE)
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

function(lethe_use_torch target)
  target_link_libraries(${target} PUBLIC lethe_torch)
  if(NOT target STREQUAL lethe_torch_pch)
    target_precompile_headers(${target} REUSE_FROM lethe_torch_pch)
  endif()
endfunction()

function(lethe_add_library folder)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target lethe_${folder})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(lethe::${folder} ALIAS ${target})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  lethe_set_warnings(${target})
  if(arg_TORCH)
    lethe_use_torch(${target})
  endif()
endfunction()

# lethe_add_test(<name> [TORCH] SOURCES ... [LINK targets...] [LABELS ...] [TIMEOUT seconds])
# One GoogleTest program per name; each TEST becomes one ctest entry.
function(lethe_add_test name)
  cmake_parse_arguments(arg "TORCH" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE LETHE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             LETHE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  lethe_set_warnings(${name})
  if(arg_TORCH)
    lethe_use_torch(${name})
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
