# SPDX-License-Identifier: MIT
# What we link against: Debian 12's packages, named in tools/packages.txt; `./dev setup` installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(VIPS REQUIRED IMPORTED_TARGET vips)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)
# ONNX Runtime is loaded with dlopen; only its C header is needed here, and without it tagging is built to say so.
find_path(LORICA_ORT_INCLUDE onnxruntime_c_api.h
  HINTS ${CMAKE_SOURCE_DIR}/.deps/ort/include $ENV{LORICA_ORT}/include
  PATH_SUFFIXES onnxruntime onnxruntime/core/session)
