# lethe_add_library(<folder> [TORCH] SOURCES ... [PUBLIC targets...] [PRIVATE targets...])
# A folder is a target is a namespace: `editing/` is lethe_editing, alias lethe::editing; a subfolder that holds a trade
# of its own is one too: `core/config/` is lethe_core_config, alias lethe::core_config.
# TORCH: the folder's units see LibTorch; they share one precompiled header. LETHE_WITHOUT_TORCH leaves these rooms out.
option(LETHE_WERROR "Treat warnings of lethe's own code as errors (CI does)" OFF)
option(LETHE_WITHOUT_TORCH "Leave out all that sees LibTorch, lethe-executor included: for sanitizers and for clang-tidy" OFF)
option(LETHE_SANITIZE "Build with the address and the undefined behaviour sanitizer" OFF)

find_program(LETHE_CCACHE ccache)
if(LETHE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${LETHE_CCACHE})
endif()

if(LETHE_SANITIZE)
  # Errors end the program, so that the test fails; our own code is all that is instrumented.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

if(LETHE_BUILD_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "LETHE_BUILD_FUZZ needs clang, whose libFuzzer feeds the targets: use the preset `fuzz`")
  endif()
  # What the fuzzer learns of a run: the edges of all of lethe's own code.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Command lines, YAML, JSON and tests: optimising their templates costs more than they will ever run.
function(lethe_compile_quickly target)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${target} PRIVATE -O1)
    # GCC 13 turns it on at -O2, and passes over a precompiled header of -O2 where it is off: each unit then takes seconds more.
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13
       AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
      target_compile_options(${target} PRIVATE -munroll-only-small-loops)
    endif()
  endif()
endfunction()

function(lethe_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                           -Werror=return-type)
  if(LETHE_WERROR)
    # GCC 12 sees overlaps and overflows in std::string's own concatenation (GCC bug 105651): warned of, no error.
    target_compile_options(${target} PRIVATE -Werror -Wno-error=restrict -Wno-error=stringop-overflow
                                             -Wno-error=array-bounds)
    if(LETHE_SANITIZE)
      # Under the sanitizers it takes std::regex's own members for uninitialised (GCC bug 105562).
      target_compile_options(${target} PRIVATE -Wno-error=maybe-uninitialized)
    endif()
  endif()
  if(LETHE_CCACHE AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
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
  if(arg_TORCH AND LETHE_WITHOUT_TORCH)
    return()
  endif()
  string(REPLACE "/" "_" name ${folder})
  set(target lethe_${name})
  set_property(GLOBAL APPEND PROPERTY LETHE_ROOMS ${folder})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(lethe::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  lethe_set_warnings(${target})
  if(arg_TORCH)
    lethe_use_torch(${target})
  endif()
endfunction()
