# Makes the targets `llama` and `llama-common` from the pinned llama.cpp (v0.5.0, commit de3ff81), static.
# GENEPOOL_LLAMA_DIR names the source; when it is empty tools/fetch-engine gets it once into the user's cache.
include_guard(GLOBAL)

function(genepool_llama_dir result)
  if(GENEPOOL_LLAMA_DIR)
    set(dir ${GENEPOOL_LLAMA_DIR})
  else()
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/fetch-engine
                    OUTPUT_VARIABLE dir OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "tools/fetch-engine failed (see above). Give a llama.cpp v0.5.0 source tree with "
                          "-DGENEPOOL_LLAMA_DIR=DIR, or build without the engine: -DGENEPOOL_ENGINE=fake")
    endif()
  endif()
  if(NOT EXISTS ${dir}/src/llama-adapter.h)
    message(FATAL_ERROR "GENEPOOL_LLAMA_DIR=${dir} is not a llama.cpp source tree")
  endif()
  set(${result} ${dir} PARENT_SCOPE)
endfunction()

# A function, so that none of these settings reaches our own targets.
function(genepool_add_llama)
  genepool_llama_dir(dir)
  set(BUILD_SHARED_LIBS OFF)
  set(GGML_OPENMP OFF)  # with OpenMP a forked child hangs in its first parallel region
  set(GGML_NATIVE ${GENEPOOL_NATIVE})
  set(GGML_CCACHE OFF)  # ours is already in CMAKE_CXX_COMPILER_LAUNCHER
  set(LLAMA_ALL_WARNINGS OFF)
  set(LLAMA_BUILD_COMMON ON)  # the jinja chat templates
  set(LLAMA_OPENSSL OFF)
  set(LLAMA_BUILD_IS_DEV OFF)
  set(LLAMA_BUILD_NUMBER 0)  # else its cmake asks git and may get our commit
  set(LLAMA_BUILD_COMMIT de3ff81)
  foreach(part TOOLS SERVER TESTS EXAMPLES APP UI MTMD)
    set(LLAMA_BUILD_${part} OFF)
  endforeach()
  set(CMAKE_CXX_STANDARD 17)
  # Sanitizers look at our code: libllama under them is slower than any test's patience, and its heap is watched anyway.
  get_directory_property(our_options COMPILE_OPTIONS)
  set_directory_properties(PROPERTIES COMPILE_OPTIONS "")
  # When it is set, ggml switches every SIMD default off without a word.
  set(epoch "$ENV{SOURCE_DATE_EPOCH}")
  unset(ENV{SOURCE_DATE_EPOCH})
  add_subdirectory(${dir} ${CMAKE_BINARY_DIR}/llama.cpp EXCLUDE_FROM_ALL SYSTEM)
  if(NOT epoch STREQUAL "")
    set(ENV{SOURCE_DATE_EPOCH} "${epoch}")
  endif()
  set_directory_properties(PROPERTIES COMPILE_OPTIONS "${our_options}")
  # `llama` and `ggml` keep their headers of these folders private; llama_attach.cc and llama_q4_1.cc need them.
  add_library(gp_llama_private INTERFACE)
  target_include_directories(gp_llama_private SYSTEM INTERFACE ${dir}/src ${dir}/ggml/src ${dir}/ggml/src/ggml-cpu)
  target_link_libraries(gp_llama_private INTERFACE llama)
endfunction()

genepool_add_llama()
