# Functions for projects that build modules of the motet XMPP server; find_package(motet) includes this file.
#
#   motet_add_module(<name> <source>... [LIBS <target>...])
#
# Builds mod_<name>.so, the target mod_<name>, into the folder modules/ of the build tree. `cmake --install` puts it into the server's
# folder of modules, <name>.yaml, when there is one beside the sources, into its folder of drop-ins unless one is there already, and
# <name>.md into its documentation.
#
#   motet_add_module_test(<name> <file.scn|file.c>...)
#
# Adds a test <name>/<file> for each scenario and each C program, in which the module, built a second time with AddressSanitizer and
# UndefinedBehaviorSanitizer, runs in a server inside the test; memory that it does not free fails the test. A program
# has its own main() and includes <motet/modtest.h>. Tests need enable_testing() or include(CTest) before.
set(MOTET_MODULE_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
    CACHE STRING "Warnings for modules")
set(MOTET_TEST_SANITIZERS address,undefined CACHE STRING "Sanitizers for tests of modules, as for -fsanitize=; empty: none")

# What a module's shared object is like, tested or installed. It finds the server's functions when it is opened.
function(_motet_prepare target name folder)
  target_link_libraries(${target} PRIVATE motet::motet)
  target_compile_definitions(${target} PRIVATE "MOTET_LOG_SOURCE=\"${name}\"")
  target_compile_options(${target} PRIVATE ${MOTET_MODULE_WARNINGS})
  target_link_options(${target} PRIVATE -Wl,-z,undefs)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME mod_${name} C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON
                        LIBRARY_OUTPUT_DIRECTORY "${folder}")
  if(NOT CMAKE_C_STANDARD)
    set_target_properties(${target} PROPERTIES C_STANDARD 11)
  endif()
endfunction()

function(motet_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  if(NOT name MATCHES "^[a-z0-9_]+$")
    message(FATAL_ERROR "motet_add_module: \"${name}\" is no name of a module: lower-case letters, digits and underscores")
  endif()
  if(NOT arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "motet_add_module: ${name} has no sources")
  endif()
  add_library(mod_${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  _motet_prepare(mod_${name} ${name} "${PROJECT_BINARY_DIR}/modules")
  target_link_libraries(mod_${name} PRIVATE ${arg_LIBS})

  install(TARGETS mod_${name} LIBRARY DESTINATION "${MOTET_MODULES_DIR}")
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}.yaml")
    # What an operator has changed stays.
    install(CODE "if(NOT EXISTS \"\$ENV{DESTDIR}${MOTET_PLUGINS_DIR}/${name}.yaml\")
                    file(INSTALL \"${CMAKE_CURRENT_SOURCE_DIR}/${name}.yaml\" DESTINATION \"${MOTET_PLUGINS_DIR}\")
                  endif()")
  endif()
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}.md")
    install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/${name}.md" DESTINATION "${MOTET_DOC_DIR}")
  endif()
endfunction()

# The module once more, with sanitizers, with all that was said about the first.
function(_motet_add_sanitized name)
  get_target_property(sources mod_${name} SOURCES)
  get_target_property(folder mod_${name} SOURCE_DIR)
  set(absolute)
  foreach(source IN LISTS sources)
    get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${folder}")
    list(APPEND absolute "${source}")
  endforeach()
  add_library(mod_${name}_tested MODULE ${absolute})
  _motet_prepare(mod_${name}_tested ${name} "${PROJECT_BINARY_DIR}/modules-tested")
  set(module mod_${name})
  target_include_directories(mod_${name}_tested PRIVATE "$<TARGET_PROPERTY:${module},INCLUDE_DIRECTORIES>")
  target_compile_definitions(mod_${name}_tested PRIVATE "$<TARGET_PROPERTY:${module},COMPILE_DEFINITIONS>")
  target_compile_options(mod_${name}_tested PRIVATE "$<TARGET_PROPERTY:${module},COMPILE_OPTIONS>")
  target_link_options(mod_${name}_tested PRIVATE "$<TARGET_PROPERTY:${module},LINK_OPTIONS>")
  target_link_libraries(mod_${name}_tested PRIVATE "$<TARGET_PROPERTY:${module},LINK_LIBRARIES>")
  _motet_sanitize(mod_${name}_tested)
endfunction()

function(_motet_sanitize target)
  if(MOTET_TEST_SANITIZERS)
    target_compile_options(${target} PRIVATE -g -fno-omit-frame-pointer -fsanitize=${MOTET_TEST_SANITIZERS} -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${MOTET_TEST_SANITIZERS})
  endif()
endfunction()

function(_motet_add_program target source)
  add_executable(${target} "${source}")
  target_link_libraries(${target} PRIVATE motet::modtest)
  target_compile_definitions(${target} PRIVATE "MOTET_LOG_SOURCE=\"test\"")
  if(NOT CMAKE_C_STANDARD)
    set_target_properties(${target} PROPERTIES C_STANDARD 11)
  endif()
  _motet_sanitize(${target})
endfunction()

function(motet_add_module_test name)
  if(NOT TARGET mod_${name})
    message(FATAL_ERROR "motet_add_module_test: there is no module \"${name}\": motet_add_module(${name} ...) comes first")
  endif()
  if(NOT TARGET mod_${name}_tested)
    _motet_add_sanitized(${name})
  endif()
  foreach(file IN LISTS ARGN)
    get_filename_component(file "${file}" ABSOLUTE)
    get_filename_component(stem "${file}" NAME_WE)
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "motet_add_module_test: ${file} does not exist")
    elseif(file MATCHES "\\.scn$")
      if(NOT TARGET modtest_${name})
        _motet_add_program(modtest_${name} "${motet_MODTEST_MAIN}")
        add_dependencies(modtest_${name} mod_${name}_tested)
      endif()
      add_test(NAME ${name}/${stem} COMMAND modtest_${name} "${file}")
    elseif(file MATCHES "\\.c$")
      _motet_add_program(${name}_${stem} "${file}")
      add_dependencies(${name}_${stem} mod_${name}_tested)
      add_test(NAME ${name}/${stem} COMMAND ${name}_${stem} WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    else()
      message(FATAL_ERROR "motet_add_module_test: ${file} is neither a scenario (.scn) nor a program (.c)")
    endif()
    set_tests_properties(${name}/${stem} PROPERTIES TIMEOUT 300 ENVIRONMENT
      "MOTET_MODULE_PATH=${PROJECT_BINARY_DIR}/modules-tested;G_DEBUG=fatal-criticals;G_SLICE=always-malloc;ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:handle_sigtrap=1;UBSAN_OPTIONS=print_stacktrace=1")
  endforeach()
endfunction()
