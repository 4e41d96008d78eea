// Writes and strictly reads C++ values as JSON: an object's members as its DescribeMembers
// (event_members.h) names them.
//
// Errors: a missing member or a wrong type is a Problem that says where; nothing throws. Unknown
// members are ignored. Private to record/: it brings in the whole JSON library.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "record/event_members.h"

namespace lastack::json_members {

using nlohmann::json;
using nlohmann::ordered_json;

template <typename T>
concept Enumeration = std::is_enum_v<T>;
template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

// Collects the members of one object.
class Writer {
 public:
  template <typename T>
  void Required(const char* key, const T& member) {
    object_[key] = Value(member);
  }
  template <typename T>
  void Optional(const char* key, const T& member) {
    if (!IsEmpty(member)) {
      Required(key, member);
    }
  }
  [[nodiscard]] ordered_json Take() { return std::move(object_); }

  template <typename T>
  static ordered_json Value(const T& value) {
    if constexpr (Integer<T> || std::same_as<T, bool> || std::same_as<T, std::string>) {
      return value;
    } else if constexpr (Enumeration<T>) {
      return EnumToText(value);
    } else {
      Writer writer;
      DescribeMembers(writer, value);
      return writer.Take();
    }
  }
  static ordered_json Value(const Duration& duration) { return duration.count(); }
  static ordered_json Value(const SocketAddress& address) {
    return ordered_json::array({address.address, address.port});
  }
  template <typename T>
  static ordered_json Value(const std::optional<T>& value) {
    return Value(*value);
  }
  template <typename T>
  static ordered_json Value(const std::vector<T>& values) {
    ordered_json array = ordered_json::array();
    for (const T& value : values) {
      array.push_back(Value(value));
    }
    return array;
  }
  template <typename T>
  static ordered_json Value(const std::map<std::string, T>& values) {
    ordered_json object = ordered_json::object();
    for (const auto& [key, value] : values) {
      object[key] = Value(value);
    }
    return object;
  }

 private:
  template <typename T>
  static bool IsEmpty(const T& value) {
    if constexpr (requires { value.empty(); }) {
      return value.empty();
    } else {
      return value == T{};
    }
  }
  template <typename T>
  static bool IsEmpty(const std::optional<T>& value) {
    return !value.has_value();
  }

  ordered_json object_ = ordered_json::object();
};

// What is wrong, and where in the object: "results[0].t0" "is missing".
struct Problem {
  std::string where;
  std::string what;
};
using Verified = tl::expected<void, Problem>;

[[nodiscard]] inline tl::unexpected<Problem> Expected(std::string_view expected,
                                                      const json& found) {
  const std::string got = found.is_number_float() ? "a fraction" : found.type_name();
  return tl::unexpected(Problem{"", fmt::format("must be {}, got {}", expected, got)});
}

[[nodiscard]] inline tl::unexpected<Problem> Within(const std::string& outer, Problem problem) {
  const bool joins = problem.where.empty() || problem.where.front() == '[';
  problem.where = outer + (joins ? "" : ".") + problem.where;
  return tl::unexpected(std::move(problem));
}

// Reads the members of one object; after the first problem it reads no more.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  template <typename T>
  void Required(const char* key, T& member) {
    Member(key, true, member);
  }
  template <typename T>
  void Optional(const char* key, T& member) {
    Member(key, false, member);
  }
  // Nothing, or the first problem.
  [[nodiscard]] const Verified& Outcome() const { return outcome_; }

  template <typename T>
  static Verified Value(const json& found, T& out) {
    if (!found.is_object()) {
      return Expected("an object", found);
    }
    Reader reader(found);
    DescribeMembers(reader, out);
    return reader.Outcome();
  }
  template <Integer T>
  static Verified Value(const json& found, T& out) {
    if (!found.is_number_integer()) {
      return Expected("an integer", found);
    }
    const bool fits = found.is_number_unsigned() ? std::in_range<T>(found.get<uint64_t>())
                                                 : std::in_range<T>(found.get<int64_t>());
    if (!fits) {
      return tl::unexpected(Problem{"", "is out of range"});
    }
    out = found.get<T>();
    return {};
  }
  template <Enumeration T>
  static Verified Value(const json& found, T& out) {
    std::string text;
    if (Verified read = Value(found, text); !read) {
      return read;
    }
    const std::optional<T> value = EnumFromText<T>(text);
    if (!value) {
      return tl::unexpected(Problem{"", fmt::format("is \"{}\", which is not one of them", text)});
    }
    out = *value;
    return {};
  }
  static Verified Value(const json& found, bool& out) {
    if (!found.is_boolean()) {
      return Expected("true or false", found);
    }
    out = found.get<bool>();
    return {};
  }
  static Verified Value(const json& found, std::string& out) {
    if (!found.is_string()) {
      return Expected("a string", found);
    }
    out = found.get<std::string>();
    return {};
  }
  static Verified Value(const json& found, Duration& out) {
    int64_t nanoseconds = 0;
    Verified read = Value(found, nanoseconds);
    out = Duration(nanoseconds);
    return read;
  }
  static Verified Value(const json& found, SocketAddress& out) {
    if (!found.is_array() || found.size() != 2) {
      return Expected("an address with its port", found);
    }
    if (Verified address = Value(found[0], out.address); !address) {
      return Within("[0]", std::move(address.error()));
    }
    if (Verified port = Value(found[1], out.port); !port) {
      return Within("[1]", std::move(port.error()));
    }
    return {};
  }
  template <typename T>
  static Verified Value(const json& found, std::optional<T>& out) {
    return Value(found, out.emplace());
  }
  template <typename T>
  static Verified Value(const json& found, std::vector<T>& out) {
    if (!found.is_array()) {
      return Expected("a list", found);
    }
    for (const json& element : found) {
      if (Verified read = Value(element, out.emplace_back()); !read) {
        return Within(fmt::format("[{}]", out.size() - 1), std::move(read.error()));
      }
    }
    return {};
  }
  template <typename T>
  static Verified Value(const json& found, std::map<std::string, T>& out) {
    if (!found.is_object()) {
      return Expected("an object", found);
    }
    for (const auto& [key, value] : found.items()) {
      if (Verified read = Value(value, out[key]); !read) {
        return Within(key, std::move(read.error()));
      }
    }
    return {};
  }

 private:
  template <typename T>
  void Member(const char* key, bool required, T& member) {
    const auto found = object_.find(key);
    if (!outcome_ || (found == object_.end() && !required)) {
      return;
    }
    if (found == object_.end()) {
      outcome_ = tl::unexpected(Problem{key, "is missing"});
    } else if (Verified read = Value(*found, member); !read) {
      outcome_ = Within(key, std::move(read.error()));
    }
  }

  const json& object_;
  Verified outcome_;
};

}  // namespace lastack::json_members
