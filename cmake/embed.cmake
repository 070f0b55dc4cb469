# SPDX-License-Identifier: MIT
# cmake -DFOLDER=… -DTABLE=… -DOUT=… -P embed.cmake: write OUT/TABLE.c, which takes the files of FOLDER, and each one
# gzipped where that is shorter, into the program by .incbin: a C array of 10 MB would cost the compiler 1.5 GB.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(blobs "")
set(names "")
set(rows "")
set(n 0)

function(add_blob symbol path)
  string(APPEND blobs "    \".balign 16\\n.global ${symbol}\\n${symbol}: .incbin \\\"${path}\\\"\\n\"\n"
                      "    \".global ${symbol}_end\\n${symbol}_end: .byte 0\\n\"\n")
  string(APPEND names "extern const unsigned char ${symbol}[], ${symbol}_end[];\n")
  set(blobs "${blobs}" PARENT_SCOPE)
  set(names "${names}" PARENT_SCOPE)
endfunction()

foreach(file IN LISTS files)
  set(path ${FOLDER}/${file})
  set(plain ${TABLE}_${n})
  add_blob(${plain} ${path})
  file(SIZE ${path} size)
  set(packed ${plain}_end) # an empty range: not worth it
  execute_process(COMMAND gzip -9 -n -c ${path} OUTPUT_FILE ${OUT}/${n}.gz COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${OUT}/${n}.gz packed_size)
  if(packed_size LESS size)
    set(packed ${TABLE}_${n}_gz)
    add_blob(${packed} ${OUT}/${n}.gz)
    set(packed_end ${packed}_end)
  else()
    set(packed_end ${packed})
  endif()
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  # Vite puts a hash of the content into the names below assets/.
  set(immutable false)
  if(file MATCHES "^assets/.*-[A-Za-z0-9_-]+\\.[a-z0-9]+$")
    set(immutable true)
  endif()
  string(APPEND rows "    {\"/${file}\", ${plain}, ${plain}_end, ${packed}, ${packed_end}, \"${tag}\", ${immutable}},\n")
  math(EXPR n "${n} + 1")
endforeach()

file(WRITE ${OUT}/${TABLE}.c "// Made by cmake/embed.cmake out of ${FOLDER}.
#include \"http/asset.h\"

__asm__(\".pushsection .rodata\\n\"
${blobs}    \".popsection\\n\");

${names}
extern const lrc_http_asset ${TABLE}[];
extern const size_t ${TABLE}_count;

const lrc_http_asset ${TABLE}[] = {
${rows}    {0},
};
const size_t ${TABLE}_count = ${n};
")
