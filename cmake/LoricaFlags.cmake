# SPDX-License-Identifier: MIT
# Dialect, warnings and hardening for our own code. Warnings are errors only where LORICA_WERROR is on (presets dev,
# asan, tsan, lint), so that a newer compiler does not break a stranger's build.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu17: cleanup attribute, statement expressions
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(LORICA_WERROR "treat warnings in our own code as errors" OFF)
option(LORICA_WEB "build the web page (needs Node)" ON)
option(LORICA_FUZZ "build the fuzz targets (clang)" OFF)
option(LORICA_COVERAGE "instrument for coverage" OFF)
set(LORICA_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined or thread")

find_program(LORICA_CCACHE ccache)
if(LORICA_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${LORICA_CCACHE})
endif()

add_library(lrc_flags INTERFACE)
target_include_directories(lrc_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
target_compile_definitions(lrc_flags INTERFACE _GNU_SOURCE LORICA_VERSION="${PROJECT_VERSION}")
target_compile_options(lrc_flags INTERFACE
  "SHELL:-include \"${CMAKE_SOURCE_DIR}/src/base/banned.h\""
  -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wredundant-decls -Wnull-dereference -Wimplicit-fallthrough
  -Wno-missing-field-initializers # what a table row leaves out is zero, and that is what it means
  -fno-common -fstack-protector-strong
  -ffp-contract=off) # bit-exact image preparation: a fused multiply-add changes ties
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(lrc_flags INTERFACE -Wlogical-op -Wduplicated-cond)
endif()
if(LORICA_WERROR)
  target_compile_options(lrc_flags INTERFACE -Werror)
endif()
if(LORICA_SANITIZE)
  target_compile_options(lrc_flags INTERFACE -fsanitize=${LORICA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(lrc_flags INTERFACE -fsanitize=${LORICA_SANITIZE})
endif()
if(LORICA_COVERAGE)
  target_compile_options(lrc_flags INTERFACE --coverage)
  target_link_options(lrc_flags INTERFACE --coverage)
endif()
if(LORICA_FUZZ)
  target_compile_options(lrc_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT LORICA_SANITIZE)
  target_compile_definitions(lrc_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
