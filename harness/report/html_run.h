// One run as a part of the HTML page: ladder, what was expected, what the machine was like.
#pragma once

#include <string>

#include "record/evidence.h"
#include "report/result.h"
#include "scenario/model.h"

namespace lastack {

// Where the page will stand and where the evidence lies, for the links from one to the other.
struct PagePlaces {
  std::string page;      // a file; empty: links are as from the current folder
  std::string evidence;  // a folder
};

[[nodiscard]] RunPage DrawRun(const Scenario& scenario,
                              const Evidence& evidence,
                              const Judgement& judgement,
                              const PagePlaces& places);

}  // namespace lastack
