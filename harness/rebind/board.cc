#include "rebind/board.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace lastack {

void SharedBoard::Unmap::operator()(Board* board) const {
  munmap(board, sizeof(Board));
}

Result<SharedBoard> SharedBoard::Map(Fd memory) {
  void* at = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (at == MAP_FAILED) {
    return FailErrno("cannot map shared memory");
  }
  return SharedBoard(std::move(memory), static_cast<Board*>(at));
}

Result<SharedBoard> SharedBoard::Make() {
  Fd memory(memfd_create("lastack-rebind", MFD_CLOEXEC));
  if (!memory.valid() || ftruncate(memory.get(), sizeof(Board)) != 0) {
    return FailErrno("cannot make shared memory");
  }
  Result<SharedBoard> board = Map(std::move(memory));
  if (board) {
    new (board->get()) Board;  // in the memory that the children share
  }
  return board;
}

}  // namespace lastack
