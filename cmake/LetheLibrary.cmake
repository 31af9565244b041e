# lethe_add_library(<folder> [TORCH] SOURCES ... [PUBLIC targets...] [PRIVATE targets...])
# A folder is a target is a namespace: `editing/` is lethe_editing, alias lethe::editing; a subfolder that holds a trade
# of its own is one too: `core/config/` is lethe_core_config, alias lethe::core_config.
# TORCH: the folder's units see LibTorch; they share one precompiled header.
option(LETHE_WERROR "Treat warnings of lethe's own code as errors (CI does)" OFF)

find_program(LETHE_CCACHE ccache)
if(LETHE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${LETHE_CCACHE})
endif()

# Command lines, YAML, JSON and tests: optimising their templates costs more than they will ever run.
function(lethe_compile_quickly target)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

function(lethe_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                           -Werror=return-type)
  if(LETHE_WERROR)
    # GCC 12 sees overlaps and overflows in std::string's own concatenation (GCC bug 105651): warned of, no error.
    target_compile_options(${target} PRIVATE -Werror -Wno-error=restrict -Wno-error=stringop-overflow
                                             -Wno-error=array-bounds)
  endif()
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
  string(REPLACE "/" "_" name ${folder})
  set(target lethe_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(lethe::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  lethe_set_warnings(${target})
  if(arg_TORCH)
    lethe_use_torch(${target})
  endif()
endfunction()

# What Open MPI needs to run many ranks on one machine, also as root and in a container: scripts/mpi_environment.sh
# is the list, and every test gets it.
file(STRINGS ${PROJECT_SOURCE_DIR}/scripts/mpi_environment.sh LETHE_MPI_ENVIRONMENT REGEX "^export ")
list(TRANSFORM LETHE_MPI_ENVIRONMENT REPLACE "^export " "")
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS scripts/mpi_environment.sh)

# lethe_add_test(<name> [TORCH] [WHOLE [FOREIGN]] SOURCES ... [LINK targets...] LABELS label [TIMEOUT seconds]
#                [DEPENDS targets...])
# One GoogleTest program per name. Each TEST becomes one ctest entry; with WHOLE the program does (loading LibTorch takes
# about a second), and may have several labels; with FOREIGN it runs a second time, as <name>.foreign, with its tensors
# on a stand-in for a GPU (tests/support/foreign_device.h). Run with the environment Open MPI needs: a test may start
# `mpirun` itself; name the programs it starts in DEPENDS.
function(lethe_add_test name)
  cmake_parse_arguments(arg "TORCH;WHOLE;FOREIGN" "TIMEOUT" "SOURCES;LINK;LABELS;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  lethe_compile_quickly(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main GTest::gmock)
  target_compile_definitions(${name} PRIVATE LETHE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             LETHE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  lethe_set_warnings(${name})
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  if(arg_TORCH)
    lethe_use_torch(${name})
  else()
    target_precompile_headers(${name} REUSE_FROM lethe_test_pch)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    # Two programs whose threads wait for each other by spinning need minutes for seconds' work on two cores.
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
                                            ENVIRONMENT "${LETHE_MPI_ENVIRONMENT};OMP_NUM_THREADS=1")
    if(arg_FOREIGN)
      add_test(NAME ${name}.foreign COMMAND ${name})
      set_tests_properties(
        ${name}.foreign PROPERTIES LABELS "${arg_LABELS};foreign" TIMEOUT ${arg_TIMEOUT}
        ENVIRONMENT "${LETHE_MPI_ENVIRONMENT};OMP_NUM_THREADS=1;LETHE_TEST_DEVICE=privateuseone")
    endif()
  else()
    # gtest_discover_tests takes no lists as property values: the environment comes from a launcher.
    set_target_properties(${name} PROPERTIES CROSSCOMPILING_EMULATOR "${CMAKE_COMMAND};-E;env;${LETHE_MPI_ENVIRONMENT}")
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()

# lethe_add_mpi_test(<name> SOURCES ... [LINK targets...] [RANKS 1 2 4] [TIMEOUT seconds])
# One GoogleTest program run whole under `mpirun -n <r>` for each r: ctest entries <name>.ranks<r>.
function(lethe_add_mpi_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;RANKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  lethe_compile_quickly(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest GTest::gmock MPI::MPI_CXX)
  target_compile_definitions(${name} PRIVATE LETHE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             LETHE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  lethe_set_warnings(${name})
  target_precompile_headers(${name} REUSE_FROM lethe_test_pch)
  if(NOT arg_RANKS)
    set(arg_RANKS 1 2 4)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  foreach(ranks ${arg_RANKS})
    add_test(NAME ${name}.ranks${ranks} COMMAND ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(${name}.ranks${ranks} PROPERTIES LABELS mpi TIMEOUT ${arg_TIMEOUT} PROCESSORS 2
                         ENVIRONMENT "${LETHE_MPI_ENVIRONMENT}")
  endforeach()
endfunction()
