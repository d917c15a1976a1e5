# rollout_embed_standard_library(TARGET): compiles stdlib/std/*.rollout into the target as stdlib/embedded_modules.inc.

function(rollout_embed_standard_library target)
  file(GLOB modules CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/stdlib/std/*.rollout)
  list(SORT modules)
  set(output ${PROJECT_BINARY_DIR}/generated/stdlib/embedded_modules.inc)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DSOURCES=${modules}" -DOUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/stdlib/embed.cmake
    DEPENDS ${modules} ${PROJECT_SOURCE_DIR}/stdlib/embed.cmake
    COMMENT "Embedding the standard library"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction()
