# Script: fills TEMPLATE with the commit of SOURCE and the versions given, and writes UNIT if that changed it.
set(GIT_SHA "")
set(IS_DIRTY false)
if(GIT AND EXISTS ${SOURCE}/.git)
  # A checkout may belong to another user than the one who builds (containers, batch systems).
  set(git ${GIT} -c safe.directory=${SOURCE} -C ${SOURCE})
  execute_process(COMMAND ${git} rev-parse HEAD OUTPUT_VARIABLE GIT_SHA OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND ${git} --no-optional-locks status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(NOT changes STREQUAL "")
    set(IS_DIRTY true)
  endif()
endif()
if(GIT_SHA STREQUAL "")
  set(GIT_SHA unknown)
endif()
string(TOLOWER ${HAS_CUDA} HAS_CUDA)
configure_file(${TEMPLATE} ${UNIT} @ONLY)
