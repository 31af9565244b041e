# lethe::build_info: what a result file says about the program that wrote it (core/build_info.h).
# The commit is asked for at every build, and the unit rewritten only when the answer changes.
find_package(Git QUIET)
set(_lethe_build_info ${PROJECT_BINARY_DIR}/generated/build_info.cpp)
set(_lethe_has_cuda FALSE)
if(NOT LETHE_WITHOUT_TORCH)
  lethe_torch_has_cuda("${LETHE_TORCH_DIRECTORY}" _lethe_has_cuda)
endif()
add_custom_target(lethe_build_info_unit
  COMMAND ${CMAKE_COMMAND} -DGIT=${GIT_EXECUTABLE} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          "-DTORCH=${LETHE_TORCH_VERSION}" -DHAS_CUDA=${_lethe_has_cuda} "-DHDF5=${hdf5_VERSION}" "-DMPI=standard ${MPI_CXX_VERSION}"
          "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}"
          -DTEMPLATE=${PROJECT_SOURCE_DIR}/cmake/build_info.cpp.in -DUNIT=${_lethe_build_info}
          -P ${PROJECT_SOURCE_DIR}/cmake/WriteBuildInfo.cmake
  BYPRODUCTS ${_lethe_build_info}
  COMMENT "Asking git which commit this is" VERBATIM)
add_library(lethe_build_info STATIC ${_lethe_build_info})
add_library(lethe::build_info ALIAS lethe_build_info)
add_dependencies(lethe_build_info lethe_build_info_unit)
target_include_directories(lethe_build_info PUBLIC ${PROJECT_SOURCE_DIR})
lethe_set_warnings(lethe_build_info)
