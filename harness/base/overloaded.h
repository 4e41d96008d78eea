// One visitor made of a lambda for each alternative: std::visit(Overloaded{…}, variant).
#pragma once

namespace lastack {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace lastack
