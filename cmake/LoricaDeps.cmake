# SPDX-License-Identifier: MIT
# What we link against: Debian 12's packages, named in tools/packages.txt; `./dev setup` installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(VIPS REQUIRED IMPORTED_TARGET vips)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
find_library(LORICA_WSLAY wslay REQUIRED) # its package has no .pc file
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

# ONNX Runtime is loaded with dlopen; only its C header is needed here, and without it tagging is built to say so.
find_path(LORICA_ORT_INCLUDE onnxruntime_c_api.h
  HINTS $ENV{LORICA_ORT}/include ${CMAKE_SOURCE_DIR}/.deps/ort/include
  PATH_SUFFIXES onnxruntime onnxruntime/core/session)
# The library that `./dev setup` brought is found as <folder of the program>/../lib/lorica, here and when installed.
set(ort_library ${CMAKE_SOURCE_DIR}/.deps/ort/lib/libonnxruntime.so.1)
if(EXISTS ${ort_library})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/lib/lorica)
  file(CREATE_LINK ${ort_library} ${CMAKE_BINARY_DIR}/lib/lorica/libonnxruntime.so.1 SYMBOLIC)
  install(FILES ${ort_library} DESTINATION lib/lorica)
endif()
