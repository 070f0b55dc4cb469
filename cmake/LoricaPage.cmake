# SPDX-License-Identifier: MIT
# lrc_page(target): an object library with the page as the table lorica_page (src/cli/page.h). tools/build-page makes
# web/dist when a file of web/ has changed. Without the page only where that is asked for: LORICA_WEB=OFF puts a page
# that says so in its place.
function(lrc_page target)
  if(NOT LORICA_WEB)
    lrc_assets(${target} lorica_page ${CMAKE_SOURCE_DIR}/cmake/no-page)
    return()
  endif()
  find_program(LORICA_NPM npm HINTS ${CMAKE_SOURCE_DIR}/.deps/node/bin)
  if(NOT LORICA_NPM)
    message(FATAL_ERROR "npm is missing, and the page is built with it. './dev setup' installs it; "
                        "-DLORICA_WEB=OFF builds programs without the page.")
  endif()
  set(web ${CMAKE_SOURCE_DIR}/web)
  set(stamp ${CMAKE_BINARY_DIR}/generated/page.stamp)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/build-page
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${sources} ${web}/index.html ${web}/vite.config.ts ${web}/tsconfig.json ${web}/package.json
            ${web}/package-lock.json ${CMAKE_SOURCE_DIR}/tools/build-page
    COMMENT "Building the page" VERBATIM)
  lrc_assets(${target} lorica_page ${web}/dist DEPENDS ${stamp})
endfunction()
