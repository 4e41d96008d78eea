# The BPF programs and the library that loads them: LASTACK_BPF_SOURCES and LASTACK_BPF_LIBRARY. Built where clang,
# bpftool and libbpf are there; otherwise the witness says that it was built without.
find_program(LASTACK_CLANG NAMES clang)
find_program(LASTACK_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin)
pkg_check_modules(BPF QUIET IMPORTED_TARGET libbpf>=1.0)
set(bpf ${CMAKE_CURRENT_SOURCE_DIR}/observe/bpf)
set(LASTACK_BPF_LIBRARY)

if(LASTACK_CLANG AND LASTACK_BPFTOOL AND BPF_FOUND)
  set(built ${CMAKE_CURRENT_BINARY_DIR}/bpf/observe/bpf)
  file(MAKE_DIRECTORY ${built})
  add_custom_command(
    OUTPUT ${built}/trace.skel.h
    COMMAND ${LASTACK_CLANG} -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror -target bpf
            -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${bpf}/trace.bpf.c -o ${built}/trace.bpf.o
    COMMAND ${LASTACK_BPFTOOL} gen skeleton ${built}/trace.bpf.o name trace_bpf > ${built}/trace.skel.h
    DEPENDS ${bpf}/trace.bpf.c ${bpf}/trace_event.h
    VERBATIM)
  add_library(lastack_bpf INTERFACE)
  target_include_directories(lastack_bpf SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/bpf)
  target_link_libraries(lastack_bpf INTERFACE PkgConfig::BPF)
  set(LASTACK_BPF_LIBRARY lastack_bpf)
  set(LASTACK_BPF_SOURCES ${built}/trace.skel.h ${bpf}/kernel_trace.cc ${bpf}/tracepoints.cc ${bpf}/decode.cc ${bpf}/tracepoints_test.cc
      ${bpf}/kernel_trace_test.cc)
else()
  set(LASTACK_BPF_SOURCES ${bpf}/kernel_trace_unavailable.cc)
endif()
