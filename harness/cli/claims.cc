// `lastack claims`: what the literature says about closing TCP connections, and what this machine
// shows.
#include "scenario/claims.h"

#include <sys/utsname.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/strings.h"
#include "cli/claim_proofs.h"
#include "cli/commands.h"
#include "cli/print_error.h"
#include "cli/select.h"
#include "run/suite.h"
#include "testbed/testbed.h"

namespace lastack {
namespace {

struct ClaimsArguments {
  Selection selection;
  SuiteOptions suite;
  std::string evidence = "evidence";
  bool markdown = false;
};

std::string JoinSet(const std::set<std::string>& set) {
  return Join({set.begin(), set.end()}, "; ");
}

std::set<std::string> Names(const std::map<std::string, std::string>& titles) {
  std::set<std::string> names;
  for (const auto& [name, title] : titles) {
    names.insert(name);
  }
  return names;
}

void PrintIf(const char* what, const std::set<std::string>& set) {
  if (!set.empty()) {
    fmt::print("{:12}{} {}\n", "", what, JoinSet(set));
  }
}

void PrintClaim(const Claim& claim, const Proof& proof) {
  fmt::print("{:11} {}: {}\n", VerdictOf(claim, proof), claim.id, claim.text);
  if (!claim.documented.empty()) {
    fmt::print("{:12}{}\n", "", claim.documented);
  }
  PrintIf("confirmed by", Names(proof.confirmed.by));
  PrintIf("  when", proof.confirmed.when);
  PrintIf("refuted by", Names(proof.refuted.by));
  PrintIf("  when", proof.refuted.when);
  PrintIf("did not pass here:", proof.not_passed);
}

// Day, kernel and command: a verdict holds for these.
std::string MarkdownHeader(const ClaimsArguments& arguments, const Totals& totals) {
  utsname names{};
  uname(&names);
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 16> day{};
  std::strftime(day.data(), day.size(), "%Y-%m-%d", &utc);
  std::string command = "lastack claims --markdown";
  for (const std::string& label : arguments.selection.exclude_labels) {
    command += " --exclude-label " + label;
  }
  return fmt::format(
      "`{}` on {}, Linux {} {}: {}. The texts and their sources are in `scenarios/claims.yaml`.\n"
      "*confirmed* and *refuted* are what the runs of the named scenarios show on this kernel; of "
      "what *depends* some confirm and others refute it.",
      command,
      day.data(),
      names.release,
      names.machine,
      ToString(totals));
}

// The claims file stands in the folder of the scenarios.
Result<std::vector<Claim>> FindClaims(const Selection& selection) {
  const std::string root = selection.paths.empty() ? DefaultScenarios() : selection.paths.front();
  return LoadClaimsFile((std::filesystem::path(root) / "claims.yaml").string());
}

int Prove(const ClaimsArguments& arguments, int stop_fd) {
  const auto claims = FindClaims(arguments.selection);
  if (!claims) {
    PrintError(claims.error());
    return kExitUsage;
  }
  auto variants = SelectVariants(arguments.selection);
  if (!variants) {
    PrintError(variants.error());
    return kExitUsage;
  }
  std::erase_if(*variants, [](const Variant& v) { return v.scenario.claims.empty(); });
  for (const Variant& variant : *variants) {
    if (const Status known = CheckClaimRefs(variant.scenario, variant.source, *claims); !known) {
      PrintError(known.error());
      return kExitUsage;
    }
  }
  const auto programs = FindPrograms();
  const Status entered = programs ? EnterUserNamespaceIfNeeded() : Fail(programs.error());
  if (!entered) {
    PrintError(entered.error());
    return kExitError;
  }
  SuiteOptions suite = arguments.suite;
  suite.run.programs = *programs;
  suite.run.evidence = arguments.evidence;
  suite.run.stop_fd = stop_fd;
  fmt::print(stderr, "running {} variants that speak of claims\n", variants->size());
  const std::vector<RunResult> results = RunSuite(*variants, suite, {});
  auto proofs = CollectProofs(*variants, results);
  const Totals totals = CountVerdicts(results);
  if (arguments.markdown) {
    fmt::print("{}", ClaimsMarkdown(*claims, proofs, MarkdownHeader(arguments, totals)));
    return ExitCode(totals);
  }
  for (const Claim& claim : *claims) {
    PrintClaim(claim, proofs[claim.id]);
  }
  fmt::print("{} claims; runs: {}\n", claims->size(), ToString(totals));
  return ExitCode(totals);
}

}  // namespace

Command AddClaimsCommand(CLI::App* app, int stop_fd) {
  auto arguments = std::make_shared<ClaimsArguments>();
  arguments->suite.slots = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* command = app->add_subcommand(
      "claims", "run the scenarios that speak of claims, and print each claim with its verdict");
  command->add_option("PATH",
                      arguments->selection.paths,
                      "folder with claims.yaml and scenarios (default ./scenarios)");
  command
      ->add_option("--exclude-label",
                   arguments->selection.exclude_labels,
                   "leave scenarios with this label out (slow: those that wait a minute)")
      ->type_name("L")
      ->allow_extra_args(false);
  command->add_flag(
      "--markdown", arguments->markdown, "print a table for docs/claims.md instead of text");
  command->add_option("--evidence", arguments->evidence, "folder for the evidence")
      ->type_name("DIR");
  command->add_option("-j", arguments->suite.slots, "how many runs work at the same time")
      ->check(CLI::Range(1, 256));
  return {[command] { return command->parsed(); },
          [arguments, stop_fd] { return Prove(*arguments, stop_fd); }};
}

}  // namespace lastack
