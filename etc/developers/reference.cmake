# The reference of the public headers: the target "reference" writes reference/html in the build folder. The guides for
# modules' authors, and the reference where it was made, belong to what developers install.
configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${PROJECT_BINARY_DIR}/reference/Doxyfile @ONLY)
find_program(DOXYGEN doxygen)
mark_as_advanced(DOXYGEN)
if(DOXYGEN)
  add_custom_target(reference COMMAND ${DOXYGEN} ${PROJECT_BINARY_DIR}/reference/Doxyfile VERBATIM
                    COMMENT "reference/html/index.html")
endif()

set(folder ${CMAKE_INSTALL_DATADIR}/doc/motet-dev)
install(DIRECTORY ${PROJECT_BINARY_DIR}/reference/html/ DESTINATION ${folder}/reference COMPONENT dev OPTIONAL)
foreach(guide README.md coming-from.md)
  # The headers are elsewhere than in the source.
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${guide} text)
  string(REPLACE "../../include/motet/" "../../../include/motet/" text "${text}")
  file(CONFIGURE OUTPUT reference/${guide} CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${guide})
  install(FILES ${PROJECT_BINARY_DIR}/reference/${guide} DESTINATION ${folder} COMPONENT dev)
endforeach()
