// Which endpoints the kernel can be asked about.
#include "run/endpoint_book.h"

#include <gtest/gtest.h>

namespace lastack {
namespace {

const SocketAddress kLocal{"10.77.0.1", 5000};
const SocketAddress kRemote{"10.77.0.2", 8080};

Endpoint Make(const std::string& name, uint64_t cookie) {
  return {.name = name, .local = kLocal, .remote = kRemote, .cookie = cookie};
}

TEST(EndpointBook, AYoungerSocketWithTheSameAddressesSupersedes) {
  EndpointBook book;
  book.Add("client", Make("old", 1));
  book.Add("client", Make("new", 2));
  EXPECT_TRUE(book.Find("old")->superseded);
  EXPECT_FALSE(book.Find("new")->superseded);
}

TEST(EndpointBook, TheSameSocketUnderAnotherNameDoesNot) {
  EndpointBook book;
  book.Add("client", Make("one", 1));
  book.Add("client", Make("dup", 1));
  EXPECT_FALSE(book.Find("one")->superseded);
}

TEST(EndpointBook, ACallThatMayStillFailDoesNot) {
  EndpointBook book;
  book.Add("client", Make("old", 1));
  book.Expect("client", Make("attempt", 0));
  EXPECT_FALSE(book.Find("old")->superseded);
}

TEST(EndpointBook, AnotherHostIsAnotherKernel) {
  EndpointBook book;
  book.Add("client", Make("one", 1));
  book.Add("server", Make("two", 2));
  EXPECT_FALSE(book.Find("one")->superseded);
}

}  // namespace
}  // namespace lastack
