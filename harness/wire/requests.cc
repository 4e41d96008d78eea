#include "wire/requests.h"

#include <sys/prctl.h>

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "wire/rule_json.h"

namespace lastack {
namespace {

using nlohmann::json;

using Answer = Result<json>;

// What a handler works with; `effects` is applied before the answer is written.
struct Context {
  const json& request;
  Switchboard* board;
  Engine* engine;
  int64_t now_ns;
  Effects* effects;
  bool* keep;
};

// Handlers may throw json::exception for a member that is missing or of another type;
// HandleWireRequest answers that.
using Handler = Answer (*)(const Context& context);

Answer Malformed(const std::string& what) {
  return Fail(ErrorKind::kScenario, "malformed request: " + what);
}

Answer ToAnswer(const Status& status) {
  return status ? Answer(json::object()) : Answer(Fail(status.error()));
}

Answer Delay(const Context& context) {
  context.engine->SetDelay(Duration(context.request.at("by").get<int64_t>()));
  return json::object();
}

Answer Add(const Context& context) {
  std::vector<WireRule> rules;
  for (const json& members : context.request.at("rules")) {
    Result<WireRule> rule = RuleFromJson(members);
    if (!rule) {
      return Fail(rule.error());
    }
    rules.push_back(std::move(*rule));
  }
  return ToAnswer(context.engine->Add(rules));
}

Answer Remove(const Context& context) {
  const auto name = context.request.at("name").get<std::string>();
  return ToAnswer(context.engine->Remove(name, context.now_ns, context.effects));
}

Answer Release(const Context& context) {
  const auto name = context.request.at("name").get<std::string>();
  return ToAnswer(context.engine->Release(name, context.now_ns, context.effects));
}

Answer Cut(const Context& context) {
  context.engine->Cut(context.now_ns, context.effects);
  return json::object();
}

Answer Mend(const Context& context) {
  context.engine->Mend();
  return json::object();
}

Answer BeginStep(const Context& context) {
  context.engine->BeginStep(context.request.at("step").get<int>(), context.now_ns, context.effects);
  return json::object();
}

Answer Connection(const Context& context) {
  Result<AddressPair> pair = AddressesFromJson(context.request);
  if (!pair) {
    return Fail(pair.error());
  }
  context.engine->NameConnection(context.request.at("name").get<std::string>(),
                                 std::move(*pair),
                                 context.now_ns,
                                 context.effects);
  return json::object();
}

Answer InjectNow(const Context& context) {
  const Result<InjectRequest> inject = InjectFromJson(context.request, context.engine->hosts());
  if (!inject) {
    return Fail(inject.error());
  }
  return context.engine->Inject(*inject, context.now_ns, context.effects)
      .map([](const Decision& decision) {
        return json{{"segment", DecidedSegmentToJson(decision)}};
      });
}

Answer Attach(const Context& context) {
  const Result<size_t> host =
      HostNumber(context.engine->hosts(), context.request.at("host").get<std::string>());
  if (!host) {
    return Fail(host.error());
  }
  return ToAnswer(context.board->Attach(*host, context.request.at("interface").get<std::string>()));
}

Answer Report(const Context& context) {
  return json{{"rules", context.engine->Counts()},
              {"forwarded", context.board->forwarded()},
              {"missed", context.board->Missed()}};
}

Answer Keep(const Context& context) {
  *context.keep = true;
  prctl(PR_SET_PDEATHSIG, 0);  // NOLINT(*-vararg): otherwise the relay ends with its launcher
  return json::object();
}

const std::map<std::string_view, Handler>& Handlers() {
  static const std::map<std::string_view, Handler> kHandlers = {
      {"delay", Delay},
      {"add", Add},
      {"remove", Remove},
      {"release", Release},
      {"cut", Cut},
      {"mend", Mend},
      {"step", BeginStep},
      {"connection", Connection},
      {"inject", InjectNow},
      {"attach", Attach},
      {"report", Report},
      {"keep", Keep},
  };
  return kHandlers;
}

}  // namespace

void HandleWireRequest(const std::string& line, const RelayParts& parts) {
  int64_t id = 0;
  Answer answer = json::object();
  Effects effects;
  try {
    const json request = json::parse(line);
    id = request.at("id").get<int64_t>();
    const auto what = request.at("do").get<std::string>();
    const auto handler = Handlers().find(what);
    answer = handler == Handlers().end() ? Malformed("there is no request " + what)
                                         : handler->second({request,
                                                            parts.board,
                                                            parts.board->engine(),
                                                            MonotonicNs(),
                                                            &effects,
                                                            parts.keep});
  } catch (const json::exception& problem) {
    answer = Malformed(problem.what());
  }
  parts.board->Apply(effects);
  if (answer) {
    parts.writer->Ok(id, *answer);
  } else {
    parts.writer->Failed(id, answer.error());
  }
}

}  // namespace lastack
