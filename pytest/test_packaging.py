"""Completions and the manual page say just what --help says; what is installed, and the Debian package, run elsewhere."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest
from conftest import PROGRAM, ROOT

BUILD = pathlib.Path(PROGRAM).resolve().parent.parent
SECONDS = 30


@pytest.fixture(scope="module")
def help_texts():
    """command -> what its --help says; the program's own under ""."""
    def text(*command):
        return subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True).stdout

    top = text()
    commands = re.findall(r"^  ([a-z]+)  ", top.partition("Subcommands:")[2], re.MULTILINE)
    assert "run" in commands
    return {"": top, **{command: text(command) for command in commands}}


@pytest.fixture(scope="module")
def options(help_texts):
    """command -> its options, long and short, as its --help lists them."""
    found = {}
    for command, text in help_texts.items():
        lines = re.findall(r"^  (-\S+)", text, re.MULTILINE)
        found[command] = {re.sub(r"[\[{=].*", "", name) for line in lines for name in line.split(",")}
        assert "--help" in found[command]
    return found


def test_help_ends_its_options_where_they_are_read(options):
    assert {"-j", "--junit", "--list", "-q", "--quiet"} <= options["run"]


@pytest.fixture
def complete_in_bash(lastack, tmp_path):
    """complete_in_bash(words) -> what bash would offer for the last of them."""
    script = tmp_path / "lastack.bash"
    script.write_text(lastack("completion", "bash").stdout)

    def complete(*words):
        program = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                   '_lastack lastack "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"')
        result = subprocess.run(["bash", "--norc", "-c", program, "bash", script, "lastack", *words],
                                capture_output=True, text=True, check=True, cwd=tmp_path)
        assert result.stderr == ""
        return set(result.stdout.split())

    return complete


@pytest.fixture
def complete_in_fish(lastack, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    script = tmp_path / "lastack.fish"
    script.write_text(lastack("completion", "fish").stdout)

    def complete(*words):
        result = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C (string join ' ' -- $argv)", "lastack", *words],
                                capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)})
        return {line.split("\t")[0] for line in result.stdout.splitlines()}

    return complete


@pytest.fixture
def complete_in_zsh(tmp_path):
    """Types into a real zsh: its completion works nowhere else. What it offers is what the terminal then shows."""
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    with open(tmp_path / "_lastack", "w") as script:
        subprocess.run([PROGRAM, "completion", "zsh"], stdout=script, check=True)
    start = (f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -u -D; PROMPT='ready>'; LISTMAX=0; stty columns 200 rows 200; "
             "zstyle ':completion:*' verbose no; bindkey '^I' complete-word; bindkey '^U' kill-whole-line; setopt no_beep no_always_last_prompt\n")
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "HOME": str(tmp_path)})

    def complete(*words):
        os.write(master, ("\x15" + " ".join(["lastack", *words]) + "\t\t").encode())
        shown = _read_until(master, r"\n[^\n]*\n[^\n]*ready>")
        return set(re.findall(r"(?<!\S)(--?[a-z][a-z-]*|[a-z]+)(?!\S)", shown))

    os.write(master, start.encode())
    _read_until(master, "\nready>|\rready>")
    yield complete
    os.close(master)  # zsh is hung up
    os.waitpid(pid, 0)


def _read_until(master, pattern):
    """What the terminal shows until the pattern is there and nothing more comes."""
    text, deadline = "", time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        readable, _, _ = select.select([master], [], [], 0.3)
        if readable:
            text += os.read(master, 65536).decode(errors="replace")
        elif re.search(pattern, text):
            return text
    raise AssertionError(f"no {pattern!r} within {SECONDS} s in {text!r}")


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completions_are_the_options_of_help(shell, request, options):
    complete = request.getfixturevalue(f"complete_in_{shell}")
    for command, expected in options.items():
        offered = complete(*([command] if command else []), "-")
        offered |= complete(*([command] if command else []), "--")
        assert offered == expected, f"lastack {command}"


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_completions_are_the_commands_of_help(shell, request, options):
    offered = request.getfixturevalue(f"complete_in_{shell}")("")
    assert set(options) - {""} <= offered
    assert {"completion", "manual"}.isdisjoint(offered)


def test_completions_in_zsh_are_the_commands_and_options_of_help(complete_in_zsh, options):
    assert set(options) - {""} <= complete_in_zsh("")
    for command in set(options) - {""}:
        expected = {name for name in options[command] if name.startswith("--")}
        if len(expected) > 1:  # the only one would be typed at once, not offered
            offered = {word for word in complete_in_zsh(command, "--") if word.startswith("--")}
            assert offered - {"--"} == expected, command


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_values_are_completed(shell, request, tmp_path):
    complete = request.getfixturevalue(f"complete_in_{shell}")
    (tmp_path / "some-file.yaml").write_text("")
    assert complete("run", "--color", "") == {"auto", "always", "never"}
    assert complete("run", "--color", "al") == {"always"}
    assert "some-file.yaml" in complete("run", "--junit", "some")
    assert "some-file.yaml" in complete("run", "some")
    assert complete("run", "--filter", "some") == set()


def test_the_manual_page_has_every_command_and_option(lastack, options, tmp_path):
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    page = tmp_path / "lastack.1"
    page.write_text(lastack("manual").stdout)
    result = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, check=True,
                            env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"})
    assert result.stderr == ""
    text = re.sub(r".\x08", "", result.stdout)
    sections = re.split(r"^   ([a-z]+)$", text.partition("COMMANDS")[2].partition("\nENVIRONMENT")[0], flags=re.MULTILINE)
    assert set(sections[1::2]) == set(options) - {""}
    assert re.search(r"^OPTIONS\n.*--help\n.*--version\n", text, re.MULTILINE | re.DOTALL)
    for command, section in zip(sections[1::2], sections[2::2]):
        tags = re.findall(r"^ {7}((?:-[\w-]+(?: [A-Z]\S*)?(?:, )?)+)", section, re.MULTILINE)
        named = {name for tag in tags for name in re.findall(r"(?<!\S)-[\w-]+", tag)}
        assert named == options[command], command


@pytest.fixture
def package(tmp_path):
    """The Debian package that cpack makes of this build."""
    if not shutil.which("dpkg-shlibdeps") or not shutil.which("cpack"):
        pytest.skip("cpack and dpkg-dev are not installed")
    folder = tmp_path / "package"
    folder.mkdir()
    subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder], cwd=folder, capture_output=True, text=True, check=True)
    (path,) = folder.glob("lastack_*.deb")
    return path


def depends(package_names):
    """These packages and all that they depend on, of those that are installed here."""
    found, todo = set(), list(package_names)
    while todo:
        name = todo.pop()
        shown = subprocess.run(["dpkg-query", "-W", "-f", "${Depends}, ${Pre-Depends}", name], capture_output=True, text=True, check=False)
        if name not in found and shown.returncode == 0:
            found.add(name)
            todo += re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", shown.stdout)
    return found


def libraries(names):
    for name in names:
        listed = subprocess.run(["dpkg-query", "-L", name], capture_output=True, text=True, check=True).stdout.splitlines()
        yield from (pathlib.Path(path) for path in listed if re.search(r"\.so(\.|$)", path) and pathlib.Path(path).is_file())


@pytest.fixture
def clean_root(package, tmp_path):
    """A root directory with what is in the package, and the libraries of the packages that it depends on; nothing else."""
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    field = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    for path in libraries(depends(re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", field))):
        copy = root / path.parent.resolve().relative_to("/") / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for name in ("lib", "lib64"):
        if pathlib.Path("/", name).is_symlink():
            (root / name).symlink_to(os.readlink(f"/{name}"))
    for name in ("proc", "dev", "sys", "results"):
        (root / name).mkdir(exist_ok=True)
    return root


def run_in(root, *arguments):
    """lastack in that root, as root or in a user namespace; what is mounted there is gone with the process."""
    mounts = "".join(f"mount --rbind /{name} '{root}/{name}' && " for name in ("proc", "dev", "sys"))
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return subprocess.run(["unshare", "--mount", "--propagation", "private", *user, "sh", "-c",
                           mounts + f"exec chroot '{root}' /usr/bin/lastack \"$@\"", "sh", *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def test_the_package_runs_in_a_clean_root(clean_root):
    result = run_in(clean_root, "run", "--filter", "normal/active-close-client.v4", "--evidence", "/results")
    assert (result.returncode, result.stdout.splitlines()[-1:]) == (0, ["1 passed, 0 failed, 0 skipped"]), result.stderr
    assert (clean_root / "results/normal/active-close-client.v4/client.pcapng").stat().st_size > 0

    installed = {str(path.relative_to(clean_root)) for path in clean_root.rglob("*") if path.is_file()}
    assert {"usr/bin/lastack", "usr/libexec/lastack/lastack-host", "usr/libexec/lastack/lastack-peer",
            "usr/libexec/lastack/lastack-wire", "usr/share/man/man1/lastack.1",
            "usr/share/bash-completion/completions/lastack", "usr/share/fish/vendor_completions.d/lastack.fish",
            "usr/share/lastack/scenarios/claims.yaml", "usr/share/lastack/pytest/pytest_lastack.py",
            "usr/share/lastack/pytest/pyproject.toml", "usr/share/doc/lastack/scenarios.md"} <= installed
    assert len([path for path in installed if path.endswith("/_lastack")]) == 1
    assert not [path for path in installed if path.startswith("usr/share/lastack/pytest/") and "lastack" not in path.rpartition("/")[2]
                and not path.endswith("pyproject.toml")]


def test_installed_under_another_prefix_it_finds_its_parts(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", tmp_path / "opt"], capture_output=True, check=True)
    result = subprocess.run([tmp_path / "opt/bin/lastack", "run", "--filter", "normal/active-close-client.v4"],
                            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.splitlines()[-1:]) == (0, ["1 passed, 0 failed, 0 skipped"]), result.stderr
    assert (tmp_path / "opt/share/zsh/site-functions/_lastack").exists()
