# rollout_embed_texts(TARGET FILES pattern TABLE "type name" NAMESPACE ns OUTPUT path): compiles text files into the target as a
# table of { file's name without ending, text }, in a file to include from generated/.

function(rollout_embed_texts target)
  cmake_parse_arguments(ARG "" "FILES;TABLE;NAMESPACE;OUTPUT" "" ${ARGN})
  file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_FILES})
  list(SORT texts)
  set(output ${PROJECT_BINARY_DIR}/generated/${ARG_OUTPUT})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DSOURCES=${texts}" -DOUTPUT=${output} "-DTABLE=${ARG_TABLE}" -DNAMESPACE=${ARG_NAMESPACE}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_texts.cmake
    DEPENDS ${texts} ${PROJECT_SOURCE_DIR}/cmake/embed_texts.cmake
    COMMENT "Embedding ${ARG_FILES}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction()
