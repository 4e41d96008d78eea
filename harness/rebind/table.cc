// The report as a table for people.
#include <algorithm>

#include <fmt/format.h>

#include "base/time.h"
#include "rebind/report.h"

namespace lastack {
namespace {

std::string Short(int64_t ns) {
  return FormatDuration(Duration(ns));
}

std::string Heading(const Cell& cell) {
  std::string how;
  switch (cell.death) {
    case Death::kKill:
      how = "is killed (SIGKILL)";
      break;
    case Death::kTerm:
      how = "is terminated (SIGTERM, which it handles)";
      break;
    case Death::kClose:
      how = "closes its sockets and lives on";
      break;
  }
  return fmt::format("\nThe server {}; {}\n", how, ToString(cell.listening));
}

// "EADDRINUSE after 500 ms" or what else kept it from coming back.
std::string WhyNot(const Row& row) {
  std::string errors;
  for (const Sample& sample : row.result.samples) {
    for (const CallError& one : sample.errors) {
      if (errors.find(one.error) == std::string::npos) {
        errors += (errors.empty() ? "" : ", ") + one.error;
      }
    }
  }
  return fmt::format("{}, also {} after the end",
                     errors.empty() ? "nobody answered" : errors,
                     FormatDuration(row.cell.within));
}

struct ClientsSum {
  int64_t failed = 0;
  int64_t attempts = 0;
  int64_t longest_gap_ns = 0;
};

ClientsSum SumClients(const Row& row) {
  ClientsSum sum;
  for (const Sample& sample : row.result.samples) {
    sum.failed += sample.clients.failed();
    sum.attempts += sample.clients.attempts;
    sum.longest_gap_ns = std::max(sum.longest_gap_ns, sample.clients.longest_gap_ns);
  }
  return sum;
}

std::string Line(const Row& row) {
  std::string line = fmt::format("{:24} {:12}{:>6} ",
                                 row.cell.strategy,
                                 ToString(row.cell.population),
                                 FormatCount(row.cell.count));
  if (!row.problem.empty()) {
    return line + fmt::format("{}: {}\n", row.skipped ? "skipped" : "ERROR", row.problem);
  }
  const size_t back = Latencies(row).size();
  line += fmt::format("{:>7} ", fmt::format("{}/{}", back, row.result.samples.size()));
  const ClientsSum clients = SumClients(row);
  if (back == 0) {
    line += fmt::format("{:67}", "not back: " + WhyNot(row));
  } else {
    const Percentiles latency = Summarize(Latencies(row)).value_or(Percentiles{});
    const Breakdown median = MedianBreakdown(row);
    line += fmt::format("{:>10}{:>10}{:>10}{:>11}{:>10}{:>10}      ",
                        Short(latency.min),
                        Short(latency.p50),
                        Short(latency.max),
                        Short(median.exit_ns),
                        Short(median.bind_ns),
                        Short(median.accept_ns));
  }
  return line + fmt::format("{:>5} of {:<6}{:>10}\n",
                            clients.failed,
                            clients.attempts,
                            Short(clients.longest_gap_ns));
}

std::string Growths(const RebindReport& report) {
  std::string text;
  for (const Growth& growth : GrowthOf(report.rows)) {
    text += fmt::format("{:24} {:12} {:5} {:4} {}\n",
                        growth.of.strategy,
                        ToString(growth.of.population),
                        ToString(growth.of.death),
                        ToString(growth.of.listening),
                        ToString(growth.law, growth.largest_n));
  }
  return text.empty()
             ? text
             : "\nHow the fastest sample grows with N, the number of connections:\n" + text;
}

}  // namespace

std::string RebindTable(const RebindReport& report) {
  const Percentiles period = Summarize(report.null_run.period_ns).value_or(Percentiles{});
  const Percentiles least = Summarize(report.null_run.answered_ns).value_or(Percentiles{});
  std::string text = fmt::format(
      "{}, HZ {}, {} cores, load {:.1f}\n"
      "Null run: an attempt takes {} (p99 {}); bind, listen, accept and answer where "
      "nothing dies take {} (p99 {}).\n",
      report.context.kernel,
      report.context.hz,
      report.context.cores,
      report.context.load,
      Short(period.p50),
      Short(period.p99),
      Short(least.p50),
      Short(least.p99));
  for (const Row& row : report.undisturbed) {
    text += fmt::format(
        "Null run: with {} established, {}, {}, and nobody binding meanwhile, the exit takes {}.\n",
        FormatCount(row.cell.count),
        ToString(row.cell.death),
        ToString(row.cell.listening),
        Short(Median(Exits(row))));
  }
  const Cell* before = nullptr;
  for (const Row& row : report.rows) {
    if (before == nullptr || before->death != row.cell.death ||
        before->listening != row.cell.listening) {
      text += Heading(row.cell);
      text += fmt::format("{:24} {:12}{:>6} {:>7} {:>10}{:>10}{:>10}{:>11}{:>10}{:>10}      {}\n",
                          "strategy",
                          "left",
                          "N",
                          "back",
                          "min",
                          "p50",
                          "max",
                          "exit",
                          "bind",
                          "accept",
                          "clients failed, longest gap");
    }
    before = &row.cell;
    text += Line(row);
  }
  return text + Growths(report);
}

}  // namespace lastack
