# What every target of ours shares: the language, the warnings, the sanitizers, and the
# three ways to add a test, a fuzz target and a benchmark.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# HEARTH_WASM is set by cmake/wasm.cmake, the toolchain of the wasm preset.
add_library(hearth_flags INTERFACE)
target_compile_options(hearth_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wundef -Wformat=2 -Werror -fno-strict-aliasing)
target_include_directories(hearth_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
if(HEARTH_WASM)
  # Every browser with SIMD has these too; without the first, a copy is a loop of words.
  add_compile_options(-mbulk-memory -msign-ext)
endif()
if(NOT HEARTH_WASM)
  target_compile_definitions(hearth_flags INTERFACE _GNU_SOURCE HEARTH_VERSION="${PROJECT_VERSION}")
  target_compile_options(hearth_flags INTERFACE -fstack-protector-strong)
  if(NOT HEARTH_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(hearth_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
endif()
if(HEARTH_SANITIZE)
  target_compile_options(hearth_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(hearth_flags INTERFACE -fsanitize=address,undefined)
endif()
if(HEARTH_FUZZ)
  target_compile_options(hearth_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_package(PkgConfig)

# hearth_test(NAME file.c... LIBS lib...): a cmocka program run by ctest.
function(hearth_test name)
  cmake_parse_arguments(T "" "" "LIBS" ${ARGN})
  add_executable(${name} ${T_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE hearth_flags ${T_LIBS} cmocka)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# hearth_fuzz(NAME file.c... LIBS lib...): a libFuzzer target; seeds in tests/fuzz/seeds/NAME.
function(hearth_fuzz name)
  cmake_parse_arguments(F "" "" "LIBS" ${ARGN})
  add_executable(${name} ${F_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE hearth_flags ${F_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
endfunction()

# hearth_bench(NAME file.c... LIBS lib...): timed by scripts/bench, never by the suite.
function(hearth_bench name)
  if(NOT HEARTH_BENCH)
    return()
  endif()
  cmake_parse_arguments(B "" "" "LIBS" ${ARGN})
  add_executable(${name} ${B_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE hearth_flags ${B_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
endfunction()

# hearth_protobuf(OUT_SOURCES file.proto...): protobuf-c sources under the build tree;
# include them as "channel/proto/NAME.pb-c.h".
function(hearth_protobuf out)
  set(generated)
  foreach(proto ${ARGN})
    get_filename_component(stem ${proto} NAME_WE)
    file(RELATIVE_PATH rel ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    get_filename_component(dir ${rel} DIRECTORY)
    set(base ${CMAKE_BINARY_DIR}/${dir}/${stem}.pb-c)
    add_custom_command(OUTPUT ${base}.c ${base}.h
      COMMAND protoc-c --proto_path=${CMAKE_SOURCE_DIR} --c_out=${CMAKE_BINARY_DIR} ${rel}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto} VERBATIM)
    list(APPEND generated ${base}.c ${base}.h)
  endforeach()
  set_source_files_properties(${generated} PROPERTIES COMPILE_OPTIONS "-w")
  set(${out} ${generated} PARENT_SCOPE)
endfunction()
