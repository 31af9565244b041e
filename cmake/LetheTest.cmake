# How tests are declared: GoogleTest programs whose tests or suites become entries of ctest, alone or under mpirun.

# What Open MPI needs to run many ranks on one machine, also as root and in a container: scripts/mpi_environment.sh
# is the list, and every test gets it.
file(STRINGS ${PROJECT_SOURCE_DIR}/scripts/mpi_environment.sh LETHE_TEST_ENVIRONMENT REGEX "^export ")
list(TRANSFORM LETHE_TEST_ENVIRONMENT REPLACE "^export " "")
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS scripts/mpi_environment.sh)
if(LETHE_SANITIZE)
  # What Open MPI and what it loads never give back is no leak of ours.
  list(APPEND LETHE_TEST_ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1"
       "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/leaks_of_libraries.txt:print_suppressions=0")
  # Open MPI unloads its plug-ins before the program ends, and only whole stacks tell their allocations from ours.
  set(LETHE_MPI_TEST_ENVIRONMENT "ASAN_OPTIONS=fast_unwind_on_malloc=0")
endif()

# One entry a suite (BY SUITE) or a test (BY TEST), made by ctest from the list that the program writes when it is linked.
function(_lethe_discover_tests name)
  cmake_parse_arguments(arg "FOREIGN" "BY;TIMEOUT" "LABELS;ENVIRONMENT" ${ARGN})
  set(list ${CMAKE_CURRENT_BINARY_DIR}/${name}.list)
  add_custom_command(TARGET ${name} POST_BUILD
                     COMMAND ${CMAKE_COMMAND} -E env ${LETHE_TEST_ENVIRONMENT} $<TARGET_FILE:${name}> --gtest_list_tests > ${list}
                     COMMENT "Listing the tests of ${name}" VERBATIM)
  set(entries ${CMAKE_CURRENT_BINARY_DIR}/${name}.entries.cmake)
  file(GENERATE OUTPUT ${entries} CONTENT "set(tests_program \"$<TARGET_FILE:${name}>\")
set(tests_list \"${list}\")
set(tests_name \"${name}\")
set(tests_by \"${arg_BY}\")
set(tests_foreign \"${arg_FOREIGN}\")
set(tests_labels \"${arg_LABELS}\")
set(tests_timeout \"${arg_TIMEOUT}\")
set(tests_environment \"${arg_ENVIRONMENT}\")
include(\"${PROJECT_SOURCE_DIR}/cmake/DiscoveredTests.cmake\")
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${entries})
endfunction()

# lethe_add_test(<name> [TORCH] [SUITES [FOREIGN]] SOURCES ... [LINK targets...] LABELS label... [TIMEOUT seconds]
#                [DEPENDS targets...])
# One GoogleTest program per name. Each TEST becomes one ctest entry; with SUITES each suite does, as <name>.<suite>
# (loading LibTorch takes about a second); with FOREIGN it runs a second time, as <name>.foreign.<suite>, with its tensors
# on a stand-in for a GPU (tests/support/foreign_device.h). Run with the environment Open MPI needs: a test may start
# `mpirun` itself; name the programs it starts in DEPENDS.
function(lethe_add_test name)
  cmake_parse_arguments(arg "TORCH;SUITES;FOREIGN" "TIMEOUT" "SOURCES;LINK;LABELS;DEPENDS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "lethe_add_test(${name}): does not know ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(arg_TORCH AND LETHE_WITHOUT_TORCH)
    return()
  endif()
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
  set(environment ${LETHE_TEST_ENVIRONMENT})
  if("mpi" IN_LIST arg_LABELS)
    list(APPEND environment ${LETHE_MPI_TEST_ENVIRONMENT})
  endif()
  if(arg_SUITES)
    set(foreign "")
    if(arg_FOREIGN)
      set(foreign FOREIGN)
    endif()
    # Two programs whose threads wait for each other by spinning need minutes for seconds' work on two cores.
    _lethe_discover_tests(${name} BY SUITE ${foreign} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS}
                          ENVIRONMENT ${environment} OMP_NUM_THREADS=1)
  else()
    _lethe_discover_tests(${name} BY TEST TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS}
                          ENVIRONMENT ${environment})
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
                         ENVIRONMENT "${LETHE_TEST_ENVIRONMENT};${LETHE_MPI_TEST_ENVIRONMENT}")
  endforeach()
endfunction()
