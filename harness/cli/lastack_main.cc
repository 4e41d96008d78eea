// The program lastack: parses the command line, stops in an orderly way on signals.
#include "cli/program.h"

int main(int argc, char** argv) {
  return lastack::Program(argc, argv);
}
