// Binds a rule of the wire: what it matches, what it does, and until when.
#include <fmt/format.h>

#include "scenario/bind_parts.h"

namespace lastack {
namespace {

// Binds one rule.
class RuleBinder {
 public:
  RuleBinder(Binding& binding, const Entry& entry)
      : binding_(binding),
        problems_(binding.problems),
        entry_(entry),
        reader_(binding.problems, entry.value, RuleKeys()) {}

  [[nodiscard]] WireRule Bind() {
    rule_.name = entry_.key;
    rule_.place = entry_.value.place;
    CheckName(rule_.name, entry_.place, problems_);
    const std::string_view action =
        reader_.OnlyOne({"drop", "hold", "delay", "duplicate", "reorder"},
                        "a rule needs one of: drop, hold, delay, duplicate, reorder");
    CheckGoesWith(action, "hold", "until", "until: {sees: {…}}, {step: N} or {after: 50ms}");
    CheckGoesWith(action, "delay", "by", "by: 20ms");
    CheckGoesWith(action, "reorder", "behind", "behind: {…}, a later segment");
    if (!action.empty()) {
      rule_.match = BindMatch(binding_, *reader_.Get(action));
    }
    rule_.action = ActionOf(action);
    BindEnd();
    return rule_;
  }

 private:
  static WireAction ActionOf(std::string_view word) {
    if (word == "drop") {
      return WireAction::kDrop;
    }
    return word == "duplicate" ? WireAction::kDuplicate : WireAction::kHold;
  }

  // `key` belongs to `owner`: it has to be there with it, and only then.
  void CheckGoesWith(std::string_view action,
                     std::string_view owner,
                     std::string_view key,
                     std::string_view example) {
    const Node* value = reader_.Get(key);
    if (action == owner && value == nullptr) {
      problems_.Add(rule_.place, fmt::format("'{}' needs '{}', e.g. {}", owner, key, example));
    }
    if (action != owner && value != nullptr) {
      problems_.Add(value->place, fmt::format("'{}' goes with '{}'", key, owner));
    }
  }

  // What ends the hold.
  void BindEnd() {
    if (const Node* until = reader_.Get("until")) {
      BindUntil(*until);
    }
    if (const Node* by = reader_.Get("by")) {
      rule_.after = ReadDuration(*by, problems_);
    }
    if (const Node* behind = reader_.Get("behind")) {
      rule_.sees = BindMatch(binding_, *behind);
      rule_.behind = true;
    }
  }

  void BindUntil(const Node& node) {
    const MapReader until(problems_, node, UntilKeys());
    static_cast<void>(
        until.OnlyOne({"sees", "step", "after"}, "'until' needs one of: sees, step, after"));
    if (const Node* sees = until.Get("sees")) {
      rule_.sees = BindMatch(binding_, *sees);
    }
    if (const Node* step = until.Get("step")) {
      rule_.step = ReadStep(*step);
    }
    if (const Node* after = until.Get("after")) {
      rule_.after = ReadDuration(*after, problems_);
    }
  }

  // A file counts steps from 1, the model from 0.
  int ReadStep(const Node& node) {
    constexpr int64_t kMaxStep = 1'000'000;
    const int64_t number = ReadInteger(node, {1, kMaxStep}, problems_);
    if (number > binding_.step_count) {
      problems_.Add(node.place,
                    fmt::format("there is no step {}; there are {}", number, binding_.step_count));
    } else if (number <= binding_.step_number) {
      problems_.Add(
          node.place,
          fmt::format(
              "step {} has begun when step {} adds this rule", number, binding_.step_number));
    }
    return static_cast<int>(number - 1);
  }

  Binding& binding_;
  Problems& problems_;
  const Entry& entry_;
  MapReader reader_;
  WireRule rule_;
};

}  // namespace

WireRule BindRule(Binding& binding, const Entry& entry) {
  for (const KnownRule& rule : binding.rules) {
    if (rule.name == entry.key) {
      binding.problems.Add(
          entry.place,
          fmt::format("rule '{}' is there already (line {})", rule.name, rule.place.line));
    }
  }
  binding.rules.push_back({entry.key, entry.value.place, std::nullopt});
  return RuleBinder(binding, entry).Bind();
}

}  // namespace lastack
