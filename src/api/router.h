// Router: method + path -> handler. Unknown paths and methods are answered here, in OpenAI's shape.
// Owner: Api. Thread: filled once, then read by the HTTP thread.
// Use:   router.add("POST", "/api/genomes/{name}/pin", handler);    // {name}: one path segment, decoded into call->args
//        router.dispatch(std::move(call));
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace genepool::api {

using Handler = std::function<void(const CallPtr&)>;

class Router {
 public:
  // `pattern` is kept as a view: a literal.
  void add(std::string_view method, std::string_view pattern, Handler handler);
  // GET also serves HEAD. 404: no such path. 405: another method's, with the `allow` header.
  void dispatch(const CallPtr& call) const;

 private:
  struct Route {
    std::string_view pattern;
    std::vector<std::string_view> segments;
    std::map<std::string_view, Handler> handlers;  // by method
  };
  static void refuse_method(const Call& call, const Route& route);
  std::vector<Route> routes_;
};

}  // namespace genepool::api
