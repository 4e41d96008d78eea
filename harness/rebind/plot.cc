#include "rebind/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "rebind/plot_axes.h"

namespace lastack {
namespace {

constexpr double kWidth = 1180;
constexpr double kPanelTop = 60;
constexpr double kPanelHeight = 330;
constexpr double kPanelWidth = 400;
constexpr double kLeft = 70;
constexpr double kGap = 60;
constexpr double kLegend = kLeft + 2 * kPanelWidth + kGap + 30;
constexpr double kNeverHeight = 60;  // above the scale: what was not back
constexpr double kRowHeight = 26;
constexpr Dash kGrid{.colour = "#ddd", .width = 1};
constexpr Dash kFrame{.colour = "#888", .width = 1};

// Distinguishable also without colour, by the dashes.
struct Look {
  std::string_view colour;
  std::string_view dashes;
};
constexpr std::array<Look, 14> kLooks = {{{"#d62728", "none"},
                                          {"#ff7f0e", "6 3"},
                                          {"#1f77b4", "none"},
                                          {"#17becf", "6 3"},
                                          {"#9467bd", "none"},
                                          {"#e377c2", "6 3"},
                                          {"#2ca02c", "none"},
                                          {"#98c93c", "6 3"},
                                          {"#8c564b", "none"},
                                          {"#c49c94", "2 3"},
                                          {"#000000", "2 3"},
                                          {"#7f7f7f", "none"},
                                          {"#bcbd22", "none"},
                                          {"#444444", "8 3 2 3"}}};

size_t NumberOf(const std::string& strategy) {
  const Strategy* found = FindStrategy(strategy);
  return found == nullptr ? 0 : static_cast<size_t>(found - AllStrategies().data());
}

Look LookOf(const std::string& strategy) {
  return kLooks[NumberOf(strategy) % kLooks.size()];
}

std::string_view ColourOf(Population population) {
  switch (population) {
    case Population::kNothing:
      return "#444444";
    case Population::kTimeWait:
      return "#d9541a";
    case Population::kEstablished:
      return "#1f77b4";
  }
  return "";
}

// Rows of the same death and family.
using Group = std::vector<const Row*>;

std::vector<Group> GroupsOf(const RebindReport& report) {
  std::vector<Group> groups;
  for (const Row& row : report.rows) {
    if (!row.problem.empty()) {
      continue;
    }
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.front()->cell.death == row.cell.death &&
             group.front()->cell.listening == row.cell.listening;
    });
    if (same == groups.end()) {
      groups.push_back({&row});
    } else {
      same->push_back(&row);
    }
  }
  return groups;
}

std::vector<std::string> StrategiesOf(const Group& group) {
  std::vector<std::string> names;
  for (const Row* row : group) {
    if (std::find(names.begin(), names.end(), row->cell.strategy) == names.end()) {
      names.push_back(row->cell.strategy);
    }
  }
  return names;
}

// All latencies of the group decide the scale, so that its panels can be compared.
LogAxis TimeAxis(const Group& group, double from, double to) {
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t most = 0;
  for (const Row* row : group) {
    for (const int64_t ns : Latencies(*row)) {
      least = std::min(least, ns);
      most = std::max(most, ns);
    }
  }
  return most == 0 ? DecadeAxis(1e4, 1e9, from, to)
                   : DecadeAxis(static_cast<double>(std::max<int64_t>(1, least)),
                                static_cast<double>(most),
                                from,
                                to);
}

void ForEachDecade(const LogAxis& axis, const std::function<void(double, double)>& visit) {
  for (double value = axis.least; value <= axis.most * 1.01; value *= 10) {
    visit(value, axis.At(value));
  }
}

std::string TimeLabel(double ns) {
  constexpr std::array<std::pair<double, std::string_view>, 4> kUnits = {
      {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}}};
  for (const auto& [size, unit] : kUnits) {
    if (ns >= size * 0.999) {
      return fmt::format("{:.0f} {}", ns / size, unit);
    }
  }
  return "";
}

// The restart time over N for what was left in one state.
class GrowthPanel {
 public:
  GrowthPanel(const Group& group, Population population, double left, double top)
      : group_(group), population_(population), left_(left), top_(top) {
    time_ = TimeAxis(group, top + kPanelHeight, top + kNeverHeight);
    double most = 10;
    for (const Row* row : group) {
      most = std::max<double>(most, row->cell.count);
    }
    // N = 0 has a place of its own, left of the scale.
    count_ = DecadeAxis(1, most, left + 60, left + kPanelWidth - 20);
  }

  [[nodiscard]] std::string Draw() const {
    std::string svg = Frame();
    for (const std::string& name : StrategiesOf(group_)) {
      svg += Series(name);
    }
    return svg;
  }

 private:
  [[nodiscard]] double X(int count) const { return count == 0 ? left_ + 25 : count_.At(count); }

  [[nodiscard]] std::string Frame() const {
    const double right = left_ + kPanelWidth;
    const double bottom = top_ + kPanelHeight;
    std::string svg =
        SvgText(left_,
                top_ - 10,
                fmt::format("N connections {}",
                            population_ == Population::kTimeWait ? "in TIME-WAIT at the server"
                                                                 : "established at the death"),
                "start",
                "font-weight:bold");
    ForEachDecade(time_, [&](double ns, double y) {
      svg += SvgLine(left_, y, right, y, kGrid);
      svg += SvgText(left_ - 6, y + 4, TimeLabel(ns), "end");
    });
    ForEachDecade(count_, [&](double count, double x) {
      svg += SvgLine(x, top_, x, bottom, kGrid);
      svg += SvgText(x, bottom + 16, FormatCount(std::llround(count)), "middle");
    });
    svg += SvgText(X(0), bottom + 16, "0", "middle");
    svg += SvgLine(left_, top_ + kNeverHeight - 8, right, top_ + kNeverHeight - 8, kFrame);
    svg += SvgText(left_ + 4, top_ + 14, "not back", "start", "fill:#666");
    svg += SvgLine(left_, top_, left_, bottom, kFrame);
    return svg + SvgLine(left_, bottom, right, bottom, kFrame);
  }

  [[nodiscard]] std::string Series(const std::string& name) const {
    const Look look = LookOf(name);
    const Dash line{.colour = look.colour, .width = 1.8, .dashes = look.dashes};
    const Dash range{.colour = look.colour, .width = 1, .opacity = 0.5};
    std::string svg;
    double before_x = 0;
    double before_y = 0;
    for (const Row* row : group_) {
      const bool shown =
          row->cell.population == population_ || row->cell.population == Population::kNothing;
      if (row->cell.strategy != name || !shown) {
        continue;
      }
      const double x = X(row->cell.count);
      const auto latency = Summarize(Latencies(*row));
      if (!latency) {
        // Beside one another, so that each can be seen.
        const size_t number = NumberOf(name);
        svg += SvgCross(x - 12 + 8 * static_cast<double>(number % 4),
                        top_ + 24 + 8 * std::floor(static_cast<double>(number) / 4),
                        {.colour = look.colour, .width = 1.6});
        before_x = 0;
        continue;
      }
      const double y = time_.At(static_cast<double>(latency->p50));
      svg += SvgLine(x,
                     time_.At(static_cast<double>(latency->min)),
                     x,
                     time_.At(static_cast<double>(latency->max)),
                     range);
      svg += SvgCircle(x, y, 2.6, {.colour = look.colour});
      if (before_x != 0) {
        svg += SvgLine(before_x, before_y, x, y, line);
      }
      before_x = x;
      before_y = y;
    }
    return svg;
  }

  const Group& group_;
  Population population_;
  double left_;
  double top_;
  LogAxis time_;
  LogAxis count_;
};

std::string Legend(const Group& group, double top) {
  std::string svg;
  double y = top + 10;
  for (const std::string& name : StrategiesOf(group)) {
    const Look look = LookOf(name);
    svg += SvgLine(kLegend,
                   y - 4,
                   kLegend + 26,
                   y - 4,
                   {.colour = look.colour, .width = 2.2, .dashes = look.dashes});
    svg += SvgText(kLegend + 34, y, name, "start");
    y += 19;
  }
  svg += SvgText(kLegend, y + 6, "points: medians; bars: min to max", "start", "fill:#666");
  return svg + SvgText(kLegend, y + 22, "crosses: not back", "start", "fill:#666");
}

// Every sample of every strategy, one line each.
std::string Distribution(const Group& group, double top) {
  const std::vector<std::string> names = StrategiesOf(group);
  const double left = kLeft + 130;
  const double right = kLegend + 160;
  const double bottom = top + kRowHeight * static_cast<double>(names.size());
  const LogAxis time = TimeAxis(group, left, right);
  std::string svg = SvgText(kLeft, top - 28, "Every sample", "start", "font-weight:bold");
  double key = kLeft + 130;
  for (const Population one :
       {Population::kNothing, Population::kTimeWait, Population::kEstablished}) {
    svg += SvgCircle(key, top - 32, 4, {.colour = ColourOf(one)});
    svg += SvgText(key + 9, top - 28, ToString(one), "start");
    key += 110;
  }
  svg += SvgText(key, top - 28, "higher in its line: more connections", "start", "fill:#666");
  ForEachDecade(time, [&](double ns, double x) {
    svg += SvgLine(x, top - 8, x, bottom, kGrid);
    svg += SvgText(x, bottom + 16, TimeLabel(ns), "middle");
  });
  for (size_t i = 0; i < names.size(); ++i) {
    const double low = top + kRowHeight * static_cast<double>(i + 1) - 4;
    svg += SvgText(left - 8, low - 6, names[i], "end");
    svg += SvgLine(left, low + 2, right, low + 2, kGrid);
    for (const Row* row : group) {
      if (row->cell.strategy != names[i]) {
        continue;
      }
      const double decades =
          row->cell.count == 0 ? 0 : 1 + LogAxis{1, 10, 0, 1}.At(row->cell.count);
      for (const int64_t ns : Latencies(*row)) {
        svg += SvgCircle(time.At(static_cast<double>(ns)),
                         low - 1 - 2.6 * decades,
                         2.4,
                         {.colour = ColourOf(row->cell.population), .opacity = 0.55});
      }
    }
  }
  return svg + SvgLine(left, bottom, right, bottom, kFrame);
}

double HeightOf(const Group& group) {
  return kPanelTop + kPanelHeight + 100 +
         kRowHeight * static_cast<double>(StrategiesOf(group).size()) + 40;
}

std::string DrawGroup(const RebindReport& report, const Group& group, double top) {
  const Cell& cell = group.front()->cell;
  const std::string heading = fmt::format("From the death ({}) to the first answered octet, {}",
                                          ToString(cell.death),
                                          ToString(cell.listening));
  std::string svg = SvgText(kLeft, top + 20, heading, "start", "font-size:17px;font-weight:bold");
  svg += SvgText(kLegend + 170,
                 top + 20,
                 fmt::format("{}, {} cores", report.context.kernel, report.context.cores),
                 "end",
                 "fill:#666");
  const double panels = top + kPanelTop;
  svg += GrowthPanel(group, Population::kTimeWait, kLeft, panels).Draw();
  svg += GrowthPanel(group, Population::kEstablished, kLeft + kPanelWidth + kGap, panels).Draw();
  svg += Legend(group, panels);
  return svg + Distribution(group, panels + kPanelHeight + 90);
}

}  // namespace

std::string RebindPlot(const RebindReport& report) {
  std::string body;
  double top = 0;
  for (const Group& group : GroupsOf(report)) {
    body += DrawGroup(report, group, top);
    top += HeightOf(group);
  }
  return fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' "
      "role='img' font-family='sans-serif' font-size='12'>\n"
      "<title>How long until a server is back</title>\n"
      "<rect width='100%' height='100%' fill='#fff'/>\n{2}</svg>\n",
      kWidth,
      std::max(top, 100.0),
      body);
}

}  // namespace lastack
