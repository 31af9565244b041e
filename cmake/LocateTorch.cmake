# Where LibTorch is, in a fixed order:
#   1. what the user names: LIBTORCH or CMAKE_PREFIX_PATH (CMake or environment variables); LIBTORCH=system is 3.,
#   2. the `torch` package of the python3 on PATH, which is that of an active environment,
#   3. the system's (Debian's libtorch-dev).
# A package that cannot be built against is passed over with its reason; one that the user named is an error. CUDA builds
# need no CUDA toolkit (cmake/ImportTorch.cmake).
#
# Also a script: `cmake -P cmake/LocateTorch.cmake` prints "directory=<folder of TorchConfig.cmake>" (empty if
# there is none), which lets scripts/setup decide whether Debian's LibTorch has to be installed.
cmake_policy(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/ImportTorch.cmake)

# Where TorchConfig.cmake may lie under a prefix.
set(_lethe_torch_suffixes share/cmake/Torch Torch cmake/Torch lib/cmake/Torch
    lib/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu/cmake/Torch lib/x86_64-linux-gnu/cmake/Torch
    lib/aarch64-linux-gnu/cmake/Torch torch/share/cmake/Torch .)

function(_lethe_torch_under prefix out)
  set(${out} "" PARENT_SCOPE)
  foreach(suffix ${_lethe_torch_suffixes})
    if(EXISTS ${prefix}/${suffix}/TorchConfig.cmake)
      get_filename_component(directory ${prefix}/${suffix} REALPATH)
      set(${out} ${directory} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Why the package in `directory` cannot be used; empty if it can.
function(_lethe_torch_problem directory out)
  set(${out} "" PARENT_SCOPE)
  file(READ ${directory}/TorchConfig.cmake text)
  if(text MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    set(${out} "it is built with the old C++ ABI, which no other library here uses" PARENT_SCOPE)
    return()
  endif()
  lethe_torch_has_cuda(${directory} has_cuda)
  if(has_cuda)
    lethe_import_torch_problem(${directory} problem)
    set(${out} "${problem}" PARENT_SCOPE)
  endif()
endfunction()

# The torch of python3, found without importing it (an import takes seconds). `out_other`: if it is built for
# accelerators other than CUDA's, which.
function(_lethe_python_torch out_directory out_version out_other out_python)
  set(${out_directory} "" PARENT_SCOPE)
  find_program(_lethe_python3 python3 NO_CMAKE_PATH NO_CMAKE_ENVIRONMENT_PATH NO_CMAKE_SYSTEM_PATH NO_CACHE)
  if(NOT _lethe_python3)
    return()
  endif()
  execute_process(COMMAND ${_lethe_python3} -c [=[
import importlib.util, pathlib, sys
spec = importlib.util.find_spec("torch")
if spec and spec.submodule_search_locations:
    folder = pathlib.Path(list(spec.submodule_search_locations)[0])
    values = {}
    exec((folder / "version.py").read_text(), values)
    kind = next((f"{k} {values[k]}" for k in ("hip", "rocm", "xpu") if values.get(k)), "")
    print(folder, values["__version__"], kind, sys.executable, sep="|", end="")
]=]
                  RESULT_VARIABLE status OUTPUT_VARIABLE found ERROR_QUIET)
  if(NOT status EQUAL 0 OR found STREQUAL "")
    return()
  endif()
  string(REPLACE "|" ";" fields "${found}")
  list(GET fields 0 folder)
  list(GET fields 1 version)
  list(GET fields 2 other)
  list(GET fields 3 python)
  _lethe_torch_under(${folder} directory)
  set(${out_directory} "${directory}" PARENT_SCOPE)
  set(${out_version} ${version} PARENT_SCOPE)
  set(${out_other} "${other}" PARENT_SCOPE)
  set(${out_python} ${python} PARENT_SCOPE)
endfunction()

# Sets <out_directory> (empty if nothing usable was found) and <out_origin>, and <out_notes>: packages passed over.
function(lethe_locate_torch out_directory out_origin out_notes)
  set(notes "")
  # 1. Named by the user.
  set(named ${LIBTORCH})
  if(NOT named)
    set(named $ENV{LIBTORCH})
  endif()
  if(named STREQUAL "system")
    _lethe_torch_under(/usr directory)
    set(${out_directory} "${directory}" PARENT_SCOPE)
    set(${out_origin} "system" PARENT_SCOPE)
    set(${out_notes} "" PARENT_SCOPE)
    return()
  endif()
  foreach(prefix ${named})
    _lethe_torch_under(${prefix} directory)
    if(NOT directory)
      message(FATAL_ERROR "LIBTORCH=${prefix}: no TorchConfig.cmake under it. Name the folder that holds "
                          "share/cmake/Torch: an unpacked libtorch, or the torch folder of a Python environment.")
    endif()
    _lethe_torch_problem(${directory} problem)
    if(problem)
      message(FATAL_ERROR "LIBTORCH=${prefix}: ${problem}. Choose another LibTorch.")
    endif()
    set(${out_directory} ${directory} PARENT_SCOPE)
    set(${out_origin} "LIBTORCH" PARENT_SCOPE)
    set(${out_notes} "" PARENT_SCOPE)
    return()
  endforeach()
  string(REPLACE ":" ";" environment_prefixes "$ENV{CMAKE_PREFIX_PATH}")
  foreach(prefix ${CMAKE_PREFIX_PATH} ${environment_prefixes})
    _lethe_torch_under(${prefix} directory)
    if(directory)
      _lethe_torch_problem(${directory} problem)
      if(problem)
        message(FATAL_ERROR "CMAKE_PREFIX_PATH holds ${prefix}: ${problem}. Choose another LibTorch.")
      endif()
      set(${out_directory} ${directory} PARENT_SCOPE)
      set(${out_origin} "CMAKE_PREFIX_PATH" PARENT_SCOPE)
      set(${out_notes} "" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  # 2. Of python3 on PATH.
  _lethe_python_torch(directory version other python)
  if(directory)
    if(other)
      set(problem "it is a ${other} build, which lethe does not support")
    else()
      _lethe_torch_problem(${directory} problem)
    endif()
    if(NOT problem)
      set(${out_directory} ${directory} PARENT_SCOPE)
      set(${out_origin} "torch of ${python}" PARENT_SCOPE)
      set(${out_notes} "" PARENT_SCOPE)
      return()
    endif()
    list(APPEND notes "torch ${version} of ${python} is passed over: ${problem}")
  endif()
  # 3. The system's.
  _lethe_torch_under(/usr directory)
  set(${out_directory} "${directory}" PARENT_SCOPE)
  set(${out_origin} "system" PARENT_SCOPE)
  set(${out_notes} "${notes}" PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  lethe_locate_torch(directory origin notes)
  foreach(note ${notes})
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo "note=${note}")
  endforeach()
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "origin=${origin}")
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "directory=${directory}")
endif()
