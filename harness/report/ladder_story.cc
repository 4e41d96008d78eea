// Who closed, how, and what is left: one sentence and a few words for each end.
#include <algorithm>

#include <fmt/format.h>

#include "report/ladder_parts.h"

namespace lastack::ladder {
namespace {

using Names = std::array<std::string, 2>;

bool Had(const LadderEnd& end, const std::string& state) {
  return std::any_of(
      end.boxes.begin(), end.boxes.end(), [&](const LadderBox& box) { return box.state == state; });
}

size_t Index(LadderSide side) {
  return side == LadderSide::kRight ? 1 : 0;
}

// The first segment that has this flag and was not made by the relay.
const LadderItem* First(const Ladder& ladder, const std::string& flag) {
  const auto found =
      std::find_if(ladder.items.begin(), ladder.items.end(), [&](const LadderItem& item) {
        return item.kind == LadderItem::Kind::kArrow && !item.injected &&
               item.text.find(flag) != std::string::npos;
      });
  return found == ladder.items.end() ? nullptr : &*found;
}

const LadderItem* FirstFrom(const Ladder& ladder, const std::string& flag, LadderSide side) {
  const auto found =
      std::find_if(ladder.items.begin(), ladder.items.end(), [&](const LadderItem& item) {
        return item.kind == LadderItem::Kind::kArrow && !item.injected && item.side == side &&
               item.text.find(flag) != std::string::npos;
      });
  return found == ladder.items.end() ? nullptr : &*found;
}

// Did either end go on from ESTABLISHED because of a RST?
bool EndedByReset(const Ladder& ladder) {
  return std::any_of(ladder.ends.begin(), ladder.ends.end(), [](const LadderEnd& end) {
    return std::any_of(end.boxes.begin(), end.boxes.end(), [](const LadderBox& box) {
      return box.cause == "sent RST" || box.cause == "received RST";
    });
  });
}

std::string Ending(const Names& names, const Ladder& ladder) {
  Names last;
  for (size_t i = 0; i < 2; ++i) {
    last[i] = ladder.ends[i].boxes.empty() ? "" : ladder.ends[i].boxes.back().state;
  }
  if (last[0].empty() && last[1].empty()) {
    return "";
  }
  if (last[0] == last[1]) {
    return "; both end in " + last[0];
  }
  std::string text = "; ";
  for (size_t i = 0; i < 2; ++i) {
    if (!last[i].empty()) {
      text +=
          fmt::format("{}{} ends in {}", i == 1 && !last[0].empty() ? ", " : "", names[i], last[i]);
    }
  }
  return text;
}

std::string Beginning(const Names& names, const Ladder& ladder, const LadderItem* fin) {
  const LadderItem* other =
      fin == nullptr
          ? nullptr
          : FirstFrom(ladder,
                      "FIN",
                      fin->side == LadderSide::kLeft ? LadderSide::kRight : LadderSide::kLeft);
  const bool crossed = other != nullptr && other->t_ns < fin->end_ns;
  const LadderItem* rst = EndedByReset(ladder) ? First(ladder, "RST") : nullptr;
  const bool established = Had(ladder.ends[0], "ESTABLISHED") || Had(ladder.ends[1], "ESTABLISHED");
  if (Had(ladder.ends[0], "CLOSING") || Had(ladder.ends[1], "CLOSING") || crossed) {
    return names[0] + " and " + names[1] + " closed at the same time";
  }
  if (rst != nullptr && !established) {
    return names[Index(rst->side)] + " refused the connection with RST";
  }
  if (rst != nullptr && fin == nullptr) {
    return names[Index(rst->side)] + " reset the connection";
  }
  if (fin == nullptr) {
    return established ? "nobody closed" : "no connection was established";
  }
  const std::string& first = names[Index(fin->side)];
  const std::string& second = names[1 - Index(fin->side)];
  if (rst != nullptr) {
    const std::string& resets = names[Index(rst->side)];
    return resets == first ? first + " closed first, then reset the connection"
                           : fmt::format("{} closed first, {} reset the connection", first, resets);
  }
  return other == nullptr ? first + " closed, " + second + " did not"
                          : first + " closed first, " + second + " after it";
}

// Whom a RST that the relay made has ended.
std::string Forgery(const Names& names, const Ladder& ladder) {
  std::string text;
  for (const LadderItem& item : ladder.items) {
    const size_t receiver = 1 - Index(item.side);
    const bool forged = item.kind == LadderItem::Kind::kArrow && item.injected && item.rst;
    if (forged && item.states[receiver].find("CLOSED") != std::string::npos) {
      text += "; an injected RST ended " + names[receiver];
    }
  }
  return text;
}

std::string Part(const Ladder& ladder, size_t i) {
  const LadderEnd& end = ladder.ends[i];
  const auto caused = [&](const std::string& cause) {
    return std::any_of(end.boxes.begin(), end.boxes.end(), [&](const LadderBox& box) {
      return box.cause == cause;
    });
  };
  std::string part;
  if (Had(end, "CLOSING")) {
    part = "simultaneous close";
  } else if (Had(end, "FIN-WAIT-1") || Had(end, "FIN-WAIT-2")) {
    part = "active close (first)";
  } else if (Had(end, "CLOSE-WAIT")) {
    part = "passive close";
  }
  if (caused("sent RST")) {
    part += part.empty() ? "resets" : ", then resets";
  } else if (caused("received RST")) {
    part += part.empty() ? "reset by peer" : ", reset by peer";
  }
  return part;
}

}  // namespace

void TellStory(const Names& names, Ladder* ladder) {
  const bool segments =
      std::any_of(ladder->items.begin(), ladder->items.end(), [](const auto& item) {
        return item.kind == LadderItem::Kind::kArrow;
      });
  if (segments) {
    const LadderItem* fin = First(*ladder, "FIN");
    ladder->story =
        Beginning(names, *ladder, fin) + Forgery(names, *ladder) + Ending(names, *ladder);
  }
  for (size_t i = 0; i < 2; ++i) {
    ladder->ends[i].part = Part(*ladder, i);
  }
}

}  // namespace lastack::ladder
