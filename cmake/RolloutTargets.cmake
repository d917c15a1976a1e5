# How the project's libraries, programs and tests are built: C++20, warnings as errors, ccache and mold where they are there.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(ROLLOUT_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" ON)
set(ROLLOUT_SANITIZE "" CACHE STRING "Sanitizers for everything, for example address,undefined")
option(ROLLOUT_FUZZERS "Build the libFuzzer targets (clang only)" OFF)

find_program(ROLLOUT_CCACHE ccache)
if(ROLLOUT_CCACHE)
  # Paths relative to the checkout, so that a second clone or build folder finds what the first one compiled.
  # Ninja has the compiler name the headers of each file, so that a miss needs no preprocessing of its own.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${ROLLOUT_CCACHE})
endif()

find_program(ROLLOUT_MOLD mold)
if(ROLLOUT_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(ROLLOUT_SANITIZE)
  add_compile_options(-fsanitize=${ROLLOUT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ROLLOUT_SANITIZE})
  # Boost.Asio has a fence that ThreadSanitizer does not follow: it may be blind to an order there, never to a race of ours.
  if(ROLLOUT_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(ROLLOUT_FUZZERS)
  # What libFuzzer steers by; its main comes in where a target is linked.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# Warnings belong to our own code: library headers come in as system headers.
function(rollout_common target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE ROLLOUT_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # libstdc++ 12 announces its own std::get_temporary_buffer inside std::stable_sort; GCC watches our own uses.
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CXX_FLAGS_DEBUG MATCHES "-O0")
    # GCC 12, where it optimises, takes `"text" + std::string` for overlapping memory (its bug 105651) and the inside of an empty
    # std::optional for a use (its bug 80635).
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-maybe-uninitialized)
  endif()
  if(ROLLOUT_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# rollout_library(NAME DIRECTORY dir... LINKS lib... PRIVATE_LINKS lib...): every .cpp of the folders, without subfolders.
function(rollout_library name)
  cmake_parse_arguments(ARG "" "" "DIRECTORY;LINKS;PRIVATE_LINKS" ${ARGN})
  set(sources "")
  foreach(directory IN LISTS ARG_DIRECTORY)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  rollout_common(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# rollout_program(NAME SOURCES file... DIRECTORY dir... LINKS lib...): a command; skipped while its main file is not there.
function(rollout_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DIRECTORY;LINKS" ${ARGN})
  foreach(source IN LISTS ARG_SOURCES)
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${source})
      return()
    endif()
  endforeach()
  set(sources ${ARG_SOURCES})
  foreach(directory IN LISTS ARG_DIRECTORY)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${directory}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  add_executable(${name} ${sources})
  rollout_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
endfunction()
