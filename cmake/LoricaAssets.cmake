# SPDX-License-Identifier: MIT
# lrc_assets(target table folder [DEPENDS files…]): an object library that holds every file of `folder` and the table
# `const lrc_http_asset <table>[]` with `const size_t <table>_count` (src/http/asset.h). The folder is read at build time,
# so it may be the output of another command: then DEPENDS names what that command makes last, and files are not looked
# for earlier.
function(lrc_assets target table folder)
  cmake_parse_arguments(A "" "" "DEPENDS" ${ARGN})
  set(files "")
  if(NOT A_DEPENDS)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/*)
  endif()
  set(out ${CMAKE_BINARY_DIR}/generated/${target})
  add_custom_command(OUTPUT ${out}/${table}.c
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DTABLE=${table} -DOUT=${out} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${CMAKE_SOURCE_DIR}/cmake/embed.cmake ${files} ${A_DEPENDS}
    COMMENT "Embedding ${folder}" VERBATIM)
  add_library(${target} OBJECT ${out}/${table}.c)
  target_link_libraries(${target} PRIVATE lrc_flags)
endfunction()
