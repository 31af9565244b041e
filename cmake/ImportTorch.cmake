# LibTorch's targets made from its folders, for builds whose TorchConfig.cmake cannot be used: that of a CUDA build asks
# for nvcc, the toolkit's headers and its libraries, which differ by version and which lethe, that names no CUDA header
# and compiles no kernel, has no use for. A pip-installed CUDA LibTorch brings what it needs at run time.

# The folders of headers and libraries of the LibTorch whose TorchConfig.cmake lies in `directory`.
function(lethe_torch_folders directory out_include out_lib)
  get_filename_component(prefix "${directory}/../../.." ABSOLUTE)
  set(${out_include} ${prefix}/include PARENT_SCOPE)
  set(${out_lib} ${prefix}/lib PARENT_SCOPE)
endfunction()

# True in `out` if it was built for CUDA: it has kernels for it.
function(lethe_torch_has_cuda directory out)
  lethe_torch_folders(${directory} include lib)
  set(${out} FALSE PARENT_SCOPE)
  if(EXISTS ${lib}/libtorch_cuda.so)
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

# What is missing for `lethe_import_torch`; empty if nothing is.
function(lethe_import_torch_problem directory out)
  set(${out} "" PARENT_SCOPE)
  lethe_torch_folders(${directory} include lib)
  set(wanted ${include}/ATen/ATen.h ${lib}/libtorch.so ${lib}/libtorch_cpu.so ${lib}/libc10.so)
  if(EXISTS ${lib}/libtorch_cuda.so)
    list(APPEND wanted ${lib}/libc10_cuda.so)
  endif()
  foreach(file ${wanted})
    if(NOT EXISTS ${file})
      set(${out} "it has no ${file}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# lethe_import_torch(<target> <directory> <out_version>): adds headers, flags and libraries to an INTERFACE target.
function(lethe_import_torch target directory out_version)
  lethe_import_torch_problem(${directory} problem)
  if(problem)
    message(FATAL_ERROR "LibTorch in ${directory} cannot be used: ${problem}")
  endif()
  lethe_torch_folders(${directory} include lib)
  target_include_directories(${target} SYSTEM INTERFACE ${include} ${include}/torch/csrc/api/include)

  # Releases that could be of either C++ ABI say which; later ones have only the new one.
  file(READ ${directory}/TorchConfig.cmake config)
  if(config MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
    target_compile_definitions(${target} INTERFACE _GLIBCXX_USE_CXX11_ABI=${CMAKE_MATCH_1})
  endif()

  # No symbol of libtorch_cuda is asked for: its constructors register the kernels, so it has to be linked all the same.
  set(names torch torch_cpu)
  if(EXISTS ${lib}/libtorch_cuda.so)
    list(APPEND names torch_cuda c10_cuda)
    # What its libraries need of CUDA they find for themselves when they are loaded, and only there.
    target_link_options(${target} INTERFACE -Wl,--allow-shlib-undefined)
  endif()
  list(TRANSFORM names PREPEND ${lib}/lib)
  list(TRANSFORM names APPEND .so)
  list(JOIN names "," files)
  target_link_libraries(${target} INTERFACE "-Wl,--push-state,--no-as-needed,${files},--pop-state" ${lib}/libc10.so)

  set(PACKAGE_VERSION "unknown")
  include(${directory}/TorchConfigVersion.cmake OPTIONAL)
  set(${out_version} ${PACKAGE_VERSION} PARENT_SCOPE)
endfunction()
