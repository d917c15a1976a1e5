# Manual pages and shell completions: printed by the commands themselves, so that they cannot drift from their verbs.
#
# Included: rollout_documents(PROGRAM) makes and installs them. As a script: runs PROGRAM with ARGUMENTS (commas between them) into OUTPUT.

if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "," ";" ARGUMENTS "${ARGUMENTS}")
  execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

include(GNUInstallDirs)
set(ROLLOUT_DOCUMENTS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(rollout_documents program)
  set(folder ${CMAKE_BINARY_DIR}/share/${program})
  file(MAKE_DIRECTORY ${folder})
  set(made "")
  foreach(row "${program}.1 manual" "${program}.bash completion bash" "_${program} completion zsh" "${program}.fish completion fish")
    string(REPLACE " " ";" words ${row})
    list(POP_FRONT words file)
    string(REPLACE ";" "," arguments "${words}")
    add_custom_command(OUTPUT ${folder}/${file}
                       COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${program}> -DARGUMENTS=${arguments} -DOUTPUT=${folder}/${file}
                               -P ${ROLLOUT_DOCUMENTS_SCRIPT}
                       DEPENDS ${program} VERBATIM)
    list(APPEND made ${folder}/${file})
  endforeach()
  add_custom_target(${program}_documents ALL DEPENDS ${made})
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${folder}/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${folder}/${program}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
  install(FILES ${folder}/_${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${folder}/${program}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()
