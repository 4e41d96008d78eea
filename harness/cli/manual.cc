#include "cli/manual.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace lastack {
namespace {

constexpr const char* kIntroduction =
    R"(lastack reproduces, measures and proves how TCP connections close. Two real programs on two hosts (Linux network
namespaces) run a scripted close sequence, a scenario; both ends are captured, the kernel's socket states are observed, and
every system call is recorded. A judge compares all of it with the scenario and with RFC 9293, says PASS or FAIL with the
place of the first difference, and keeps the packet traces as evidence.
.PP
It needs root, or user namespaces; the machine's own network is not touched.
.B lastack doctor
says what this machine and user can do.
)";

constexpr const char* kAfterCommands = R"(.SH ENVIRONMENT
.TP
.B NO_COLOR
If not empty: no colour.
.TP
.B CLICOLOR_FORCE
If not empty, and
.B NO_COLOR
is: colour, also into a pipe.
.TP
.B CI
If not empty: one line for each scenario instead of a line of progress that is rewritten; likewise if
.B TERM
is dumb.
.TP
.B GITHUB_STEP_SUMMARY
With
.BR \-\-github :
the file that the summary is appended to.
.SH FILES
.TP
.I ./scenarios
Scenarios that are run if none is named; if there is no such folder, those that were installed,
.IR ../share/lastack/scenarios ,
seen from the program.
.TP
.I ../libexec/lastack
The programs that
.B lastack
starts, unless they are beside it.
.TP
.I evidence/<id>/
Of each run:
.IR client.pcapng ,
.IR server.pcapng ,
.IR events.jsonl ,
.IR scenario.json ,
.I result.json
and
.IR timeline.json .
In Wireshark the filter
.B frame.comment contains "FAIL"
finds the segment that was not as expected.
.SH SEE ALSO
.BR tcp (7),
.BR tshark (1),
.BR ss (8),
RFC 9293
)";

// Text for roff: no escape of its own, and no line that begins like a request.
std::string Text(const std::string& text) {
  std::string roff;
  bool at_begin = true;
  for (const char c : text) {
    if (at_begin && (c == '.' || c == '\'')) {
      roff += "\\&";
    }
    if (c == '\\') {
      roff += "\\e";
    } else if (c == '-') {
      roff += "\\-";  // a minus, which can be copied, and no hyphen
    } else {
      roff += c;
    }
    at_begin = c == '\n';
  }
  return roff;
}

std::string Option(const OptionEntry& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    names.push_back(option.is_positional ? "\\fI" + Text(name) + "\\fR"
                                         : "\\fB" + Text(name) + "\\fR");
  }
  const bool value = !option.value.empty() && !option.is_positional;
  return ".TP\n" + Join(names, ", ") + (value ? " \\fI" + Text(option.value) + "\\fR" : "") + "\n" +
         Text(option.description) + "\n";
}

std::string Footer(const std::string& footer) {
  return footer.empty() ? "" : ".PP\n.nf\n" + Text(footer) + "\n.fi\n";
}

std::string Command(const CommandEntry& command) {
  std::string synopsis = "\\fBlastack " + Text(command.name) + R"(\fR [\fIOPTIONS\fR])";
  std::string options;
  for (const OptionEntry& option : command.options) {
    if (option.is_positional) {
      const char* dots = option.is_repeatable ? "..." : "";
      synopsis += " [\\fI" + Text(option.value) + "\\fR" + dots + "]";
    }
    options += Option(option);
  }
  return fmt::format(".SS {}\n.PP\n{}\n.PP\n{}\n{}{}",
                     Text(command.name),
                     synopsis,
                     Text(command.description),
                     options,
                     Footer(command.footer));
}

}  // namespace

std::string ManualPage(const std::vector<CommandEntry>& commands) {
  const CommandEntry& program = commands.front();
  std::string page = fmt::format(
      ".\\\" made by `lastack manual`\n"
      ".TH LASTACK 1 \"\" \"lastack {}\" \"User Commands\"\n"
      ".SH NAME\n"
      "lastack \\- reproduce, measure and prove how TCP connections close\n"
      ".SH SYNOPSIS\n"
      ".B lastack\n.I COMMAND\n[\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n",
      LASTACK_VERSION);
  page += kIntroduction;
  page += ".SH OPTIONS\n";
  for (const OptionEntry& option : program.options) {
    page += Option(option);
  }
  page += ".SH COMMANDS\n";
  for (const CommandEntry& command : commands) {
    if (!command.name.empty()) {
      page += Command(command);
    }
  }
  return page + kAfterCommands;
}

}  // namespace lastack
