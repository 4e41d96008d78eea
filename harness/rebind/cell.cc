#include "rebind/cell.h"

namespace lastack {

std::string_view ToString(Probe probe) {
  switch (probe) {
    case Probe::kSpin:
      return "spin";
    case Probe::kAfterExit:
      return "after-exit";
  }
  return "";
}

std::optional<Probe> ProbeFromString(std::string_view name) {
  for (const Probe one : {Probe::kSpin, Probe::kAfterExit}) {
    if (ToString(one) == name) {
      return one;
    }
  }
  return std::nullopt;
}

std::string_view ToString(Population population) {
  switch (population) {
    case Population::kNothing:
      return "nothing";
    case Population::kTimeWait:
      return "time-wait";
    case Population::kEstablished:
      return "established";
  }
  return "";
}

std::optional<Population> PopulationFromString(std::string_view name) {
  for (const Population one :
       {Population::kNothing, Population::kTimeWait, Population::kEstablished}) {
    if (ToString(one) == name) {
      return one;
    }
  }
  return std::nullopt;
}

std::string_view ToString(Listening listening) {
  switch (listening) {
    case Listening::kV4:
      return "v4";
    case Listening::kV6:
      return "v6";
    case Listening::kDual:
      return "dual";
  }
  return "";
}

std::optional<Listening> ListeningFromString(std::string_view name) {
  for (const Listening one : {Listening::kV4, Listening::kV6, Listening::kDual}) {
    if (ToString(one) == name) {
      return one;
    }
  }
  return std::nullopt;
}

}  // namespace lastack
