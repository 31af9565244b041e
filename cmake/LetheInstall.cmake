# `cmake --install`: the programs, what a quickstart reads, and the rooms that another CMake project may link to read a
# sweep's folder (find_package(lethe); lethe::core, lethe::ledger, lethe::storage).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# The programs find each other in one folder, and LibTorch where it was when they were built.
set(programs lethe)
if(NOT LETHE_WITHOUT_TORCH)
  list(APPEND programs lethe_executor)
endif()
set_target_properties(${programs} PROPERTIES INSTALL_RPATH_USE_LINK_PATH TRUE)
# Also one inside this tree, whose paths CMake takes for passing: the system may have another LibTorch.
if(NOT LETHE_WITHOUT_TORCH AND EXISTS "${LETHE_TORCH_DIRECTORY}/../../../lib/libtorch.so")
  get_filename_component(libraries "${LETHE_TORCH_DIRECTORY}/../../../lib" ABSOLUTE)
  set_target_properties(lethe_executor PROPERTIES INSTALL_RPATH "${libraries}")
endif()
install(TARGETS ${programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Side by side, as the configs name the assets.
install(DIRECTORY assets configs DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe)
# A build folder, wherever it lies, has the settings beside its programs as an installation has.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/lethe)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/configs ${PROJECT_BINARY_DIR}/share/lethe/configs SYMBOLIC)
install(FILES scripts/mpi_environment.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe)
# Beside each other, as they look for each other.
install(PROGRAMS slurm/submit slurm/sweep.sbatch slurm/array.sbatch DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe/slurm)
install(FILES slurm/job.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/lethe/slurm)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lethe)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/lethe)
foreach(room core ledger storage)
  set_target_properties(lethe_${room} PROPERTIES EXPORT_NAME ${room})
  target_include_directories(lethe_${room} INTERFACE $<INSTALL_INTERFACE:${headers}>)
  install(TARGETS lethe_${room} EXPORT lethe ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  file(GLOB room_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/*.h)
  install(FILES ${room_headers} DESTINATION ${headers}/${room})
endforeach()
set_target_properties(lethe_hdf5 PROPERTIES EXPORT_NAME hdf5)
install(TARGETS lethe_hdf5 EXPORT lethe)
install(EXPORT lethe NAMESPACE lethe:: FILE lethe-targets.cmake DESTINATION ${package})
configure_package_config_file(cmake/lethe-config.cmake.in ${PROJECT_BINARY_DIR}/lethe-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lethe-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lethe-config.cmake ${PROJECT_BINARY_DIR}/lethe-config-version.cmake
        DESTINATION ${package})
