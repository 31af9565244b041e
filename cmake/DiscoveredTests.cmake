# Read by ctest itself: makes the entries of one GoogleTest program from the list of its tests, which the program wrote
# when it was linked (LetheTest.cmake). The file that includes this one sets
#   tests_program, tests_list, tests_name, tests_by (TEST or SUITE), tests_foreign, tests_labels, tests_timeout,
#   tests_environment.
cmake_policy(VERSION 3.25)
if(NOT EXISTS "${tests_list}")
  add_test("${tests_name}_NOT_BUILT" "${tests_name}_NOT_BUILT")
  return()
endif()

# "Suite." lines, each followed by "  Test" lines; comments say what a parameter is.
file(READ "${tests_list}" tests_text)
string(REGEX REPLACE " *#[^\n]*" "" tests_text "${tests_text}")
string(REPLACE "\n" ";" tests_lines "${tests_text}")
set(tests_suite "")
foreach(tests_line IN LISTS tests_lines)
  if(tests_line MATCHES "^([^ ].*)\\.$")
    set(tests_suite "${CMAKE_MATCH_1}")
    if(tests_by STREQUAL "SUITE")
      add_test("${tests_name}.${tests_suite}" "${tests_program}" "--gtest_filter=${tests_suite}.*")
      set_tests_properties("${tests_name}.${tests_suite}" PROPERTIES LABELS "${tests_labels}"
                           TIMEOUT "${tests_timeout}" ENVIRONMENT "${tests_environment}")
      if(tests_foreign)
        add_test("${tests_name}.foreign.${tests_suite}" "${tests_program}" "--gtest_filter=${tests_suite}.*")
        set_tests_properties("${tests_name}.foreign.${tests_suite}" PROPERTIES LABELS "${tests_labels};foreign"
                             TIMEOUT "${tests_timeout}"
                             ENVIRONMENT "${tests_environment};LETHE_TEST_DEVICE=privateuseone")
      endif()
    endif()
  elseif(tests_by STREQUAL "TEST" AND tests_line MATCHES "^  (.+)$")
    set(tests_case "${tests_suite}.${CMAKE_MATCH_1}")
    add_test("${tests_case}" "${tests_program}" "--gtest_filter=${tests_case}")
    set_tests_properties("${tests_case}" PROPERTIES LABELS "${tests_labels}" TIMEOUT "${tests_timeout}"
                         ENVIRONMENT "${tests_environment}" SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
  endif()
endforeach()
