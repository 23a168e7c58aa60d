# The fake engine: part of every genepool-worker, and the only one when GENEPOOL_ENGINE=fake.
add_library(gp_fake_engine STATIC ${CMAKE_CURRENT_LIST_DIR}/fake_engine.cc ${CMAKE_CURRENT_LIST_DIR}/fake_script.cc
                                  ${CMAKE_CURRENT_LIST_DIR}/fake_tokens.cc)
target_link_libraries(gp_fake_engine PUBLIC gp_flags gp_base)
if(GENEPOOL_TESTS)
  add_executable(fake_engine_test ${CMAKE_CURRENT_LIST_DIR}/fake_engine_test.cc)
  target_link_libraries(fake_engine_test PRIVATE gp_fake_engine GTest::gmock GTest::gtest_main)
  add_test(NAME fake_engine COMMAND fake_engine_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(fake_engine PROPERTIES LABELS unit)
endif()
