// `lastack claims`: what the literature says about closing TCP connections, and what this machine
// shows.
#include "scenario/claims.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/strings.h"
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
};

// What the runs say about one claim.
struct Proof {
  std::set<std::string> confirmed_by;  // scenario (without matrix labels)
  std::set<std::string> refuted_by;
  std::set<std::string> confirmed_when;
  std::set<std::string> refuted_when;
  std::set<std::string> not_passed;
};

std::string BaseName(const std::string& id) {
  return id.substr(0, id.find('.'));
}

void AddProof(const Scenario& scenario, const ClaimRef& claim, bool passed, Proof* proof) {
  if (!passed) {
    proof->not_passed.insert(scenario.id);
    return;
  }
  (claim.confirms ? proof->confirmed_by : proof->refuted_by).insert(BaseName(scenario.id));
  if (!claim.when.empty()) {
    (claim.confirms ? proof->confirmed_when : proof->refuted_when).insert(claim.when);
  }
}

std::map<std::string, Proof> CollectProofs(const std::vector<Variant>& variants,
                                           const std::vector<RunResult>& results) {
  std::set<std::string> passed;
  for (const RunResult& result : results) {
    if (result.verdict == Verdict::kPass) {
      passed.insert(result.id);
    }
  }
  std::map<std::string, Proof> proofs;
  for (const Variant& variant : variants) {
    for (const ClaimRef& claim : variant.scenario.claims) {
      AddProof(variant.scenario, claim, passed.contains(variant.scenario.id), &proofs[claim.id]);
    }
  }
  return proofs;
}

std::string VerdictOf(const Claim& claim, const Proof& proof) {
  if (!proof.confirmed_by.empty() && !proof.refuted_by.empty()) {
    return "depends";
  }
  if (!proof.confirmed_by.empty()) {
    return "confirmed";
  }
  if (!proof.refuted_by.empty()) {
    return "refuted";
  }
  return claim.documented.empty() ? "unproved" : "documented";
}

std::string JoinSet(const std::set<std::string>& set) {
  return Join({set.begin(), set.end()}, "; ");
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
  PrintIf("confirmed by", proof.confirmed_by);
  PrintIf("  when", proof.confirmed_when);
  PrintIf("refuted by", proof.refuted_by);
  PrintIf("  when", proof.refuted_when);
  PrintIf("did not pass here:", proof.not_passed);
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
  for (const Claim& claim : *claims) {
    PrintClaim(claim, proofs[claim.id]);
  }
  const Totals totals = CountVerdicts(results);
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
  command->add_option("--evidence", arguments->evidence, "folder for the evidence")
      ->type_name("DIR");
  command->add_option("-j", arguments->suite.slots, "how many runs work at the same time")
      ->check(CLI::Range(1, 256));
  return {[command] { return command->parsed(); },
          [arguments, stop_fd] { return Prove(*arguments, stop_fd); }};
}

}  // namespace lastack
