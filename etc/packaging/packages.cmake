# What a distribution's package needs: motet.pc for authors of modules, and the Debian packages motet, motet-dev and those of their symbols.
#
#   cmake --workflow --preset package      # build/package/motet_<version>_<architecture>.deb and the others
#
# No module has heavy dependencies: the only library that is one module's alone is SQLite, which needs no other, weighs two megabytes
# and is what the default configuration keeps accounts in. A module whose library is heavier goes into a package of its own.

file(READ include/motet/types.h header)
foreach(part MAJOR MINOR)
  if(NOT header MATCHES "#define MOTET_ABI_${part} ([0-9]+)u")
    message(FATAL_ERROR "include/motet/types.h does not define MOTET_ABI_${part}")
  endif()
  set(MOTET_ABI_${part} ${CMAKE_MATCH_1})
endforeach()
set(MOTET_ABI ${MOTET_ABI_MAJOR}.${MOTET_ABI_MINOR})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/motet/types.h)
configure_file(etc/packaging/motet.pc.in motet.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/motet.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

# The programs know their folders from when they are built, so only those built for /usr go into a package.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
find_program(GZIP gzip REQUIRED)

# Documents every Debian package has.
set(papers ${PROJECT_BINARY_DIR}/packaging)
file(MAKE_DIRECTORY ${papers})
file(READ LICENSE license)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" notice "${license}")
set(COPYRIGHT_HOLDERS ${CMAKE_MATCH_1})
string(REGEX REPLACE "^.*${COPYRIGHT_HOLDERS}\n+" "" license "${license}")
string(STRIP "${license}" license)
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " LICENSE_TEXT "${license}")
configure_file(etc/packaging/copyright.in packaging/copyright @ONLY)
foreach(paper changelog.Debian=etc/packaging/changelog changelog=CHANGELOG.md)
  string(REGEX MATCH "^([^=]*)=(.*)$" paper ${paper})
  execute_process(COMMAND ${GZIP} -9nc INPUT_FILE ${PROJECT_SOURCE_DIR}/${CMAKE_MATCH_2}
                  OUTPUT_FILE ${papers}/${CMAKE_MATCH_1}.gz COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_MATCH_2})
endforeach()
foreach(component motet dev)
  string(REGEX REPLACE "^dev$" "motet-dev" package ${component})
  install(FILES ${papers}/copyright ${papers}/changelog.Debian.gz ${papers}/changelog.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endforeach()
install(FILES etc/packaging/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME motet)
install(FILES README.md SECURITY.md etc/certificates.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/motet)

# The version is that of the topmost entry of the Debian changelog, which must be about this version.
file(READ etc/packaging/changelog changelog)
if(NOT changelog MATCHES "^motet \\(([^)-]+)-([^)]+)\\)" OR NOT CMAKE_MATCH_1 STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "etc/packaging/changelog begins with no entry for ${PROJECT_VERSION}")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_2})
string(REGEX MATCH "\n -- ([^>]*>)" CPACK_DEBIAN_PACKAGE_MAINTAINER "${changelog}")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${CMAKE_MATCH_1})

# What dpkg asks about before it replaces a file that was changed.
list(TRANSFORM drop_ins PREPEND /etc/motet/ OUTPUT_VARIABLE conffiles)
list(JOIN conffiles "\n" conffiles)
file(CONFIGURE OUTPUT packaging/conffiles CONTENT "/etc/motet/motet.yaml\n${conffiles}\n" @ONLY)

set(CPACK_GENERATOR DEB)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/etc/packaging/compress.cmake)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGE_CONTACT ${CPACK_DEBIAN_PACKAGE_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL motet dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_MOTET_PACKAGE_NAME motet)
set(CPACK_DEBIAN_MOTET_PACKAGE_SECTION net)
set(CPACK_DEBIAN_MOTET_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_MOTET_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_MOTET_PACKAGE_DEPENDS adduser)
# Packages of modules depend on what they were built for: motet-abi-1 (>= 1.0).
set(CPACK_DEBIAN_MOTET_PACKAGE_PROVIDES "motet-abi-${MOTET_ABI_MAJOR} (= ${MOTET_ABI}), xmpp-server")
set(CPACK_DEBIAN_MOTET_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/etc/packaging/motet/postinst ${PROJECT_SOURCE_DIR}/etc/packaging/motet/prerm
    ${PROJECT_SOURCE_DIR}/etc/packaging/motet/postrm ${papers}/conffiles)
set(CPACK_COMPONENT_MOTET_DESCRIPTION "modular XMPP server
Server for XMPP (Jabber) whose every feature is a module with one file of
configuration. It holds accounts, contacts, presence and messages of its own
domains, requires TLS, keeps no passwords, and bounds what a peer can make it
hold. A wrong configuration is refused with every mistake and its line.

Once installed it serves nothing and opens no port until a domain is set in
/etc/motet/motet.yaml.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME motet-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEV_DEBUGINFO_PACKAGE ON)
# Tests run with the modules of the server that the library has in it.
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libglib2.0-dev, pkg-config, motet (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "cmake, gcc | clang")
set(CPACK_COMPONENT_DEV_DESCRIPTION "modular XMPP server - kit for modules
Headers, a CMake package and a pkg-config file to write modules for the
motet XMPP server outside of its source tree, and what tests them: a server
as a library whose clock tests move, for programs in C, and motet-modtest,
which runs conversations that are written down as text.")

include(CPack)
