# genepool_module(NAME SOURCES a.cc ... DEPS gp_base ... [TESTS a_test.cc ...] [TEST_DEPS ...])
#
# One static library gp_NAME per module and one gtest program NAME_test from the tests beside the code.
# Every public header of ours is included as "module/file.h".

add_library(gp_flags INTERFACE)
target_compile_options(gp_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # g++ 12 sees ghosts in optimised std::string moves
if(GENEPOOL_WERROR)
  target_compile_options(gp_flags INTERFACE -Werror)
endif()
target_include_directories(gp_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
if(GENEPOOL_SANITIZE)
  add_compile_options(-fsanitize=${GENEPOOL_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${GENEPOOL_SANITIZE})
endif()
if(GENEPOOL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize-recover=all)
endif()

function(genepool_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TESTS;TEST_DEPS" ${ARGN})
  add_library(gp_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(gp_${name} PUBLIC gp_flags ${ARG_DEPS})
  if(GENEPOOL_TESTS AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE gp_${name} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()
