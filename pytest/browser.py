"""A headless Chromium, driven through chromedriver's WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

import base64
import json
import pathlib
import select
import shutil
import subprocess
import time
import urllib.error
import urllib.request

STARTS_WITHIN_SECONDS = 30
ANSWERS_WITHIN_SECONDS = 60


def why_missing():
    """Why there is no browser here; nothing if there is one."""
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(missing)} not installed (Debian: chromium, chromium-driver)" if missing else ""


class Browser:
    """One window. Use as a context manager: both programs end with it."""

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)  # for its profile
        self._driver = None
        self._session = ""

    def __enter__(self):
        # Port 0: it chooses a free one and says which.
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True)
        try:
            self._root = f"http://127.0.0.1:{self._port()}"
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                         f"--user-data-dir={self._folder}"]
            answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})
            self._session = f"/session/{answer['sessionId']}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._session:
            try:
                self._call("DELETE", self._session)
            except OSError:
                pass
        self._driver.terminate()
        self._driver.wait(STARTS_WITHIN_SECONDS)
        self._driver.stdout.close()

    def _port(self):
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._driver.stdout], [], [], deadline - time.monotonic())
            line = self._driver.stdout.readline() if ready else ""
            if "successfully on port" in line:
                return int(line.rstrip().rstrip(".").rpartition(" ")[2])
            if not line:
                break
        raise OSError(f"chromedriver did not start within {STARTS_WITHIN_SECONDS} s")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def devtools(self, command, **parameters):
        return self._call("POST", self._session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def window(self, width, height=900, dark=False, media=""):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def scripts(self, allowed):
        self.devtools("Emulation.setScriptExecutionDisabled", value=not allowed)

    def open(self, path, fragment=""):
        """Opens a file of this machine and returns after how many seconds its load event had come."""
        begin = time.monotonic()
        self._call("POST", self._session + "/url", {"url": "about:blank"})  # a fragment alone would not load anew
        begin = time.monotonic()
        self._call("POST", self._session + "/url", {"url": pathlib.Path(path).resolve().as_uri() + fragment})
        return time.monotonic() - begin

    def run(self, script, *arguments):
        """The value of a function's body in the page."""
        return self._call("POST", self._session + "/execute/sync", {"script": script, "args": list(arguments)})

    def keys(self, text):
        """Types on the keyboard, whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._call("POST", self._session + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def move_to(self, x, y):
        self._call("POST", self._session + "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}]}]})

    def complaints(self):
        """What the console has said since the last time: errors, refused resources."""
        return self._call("POST", self._session + "/se/log", {"type": "browser"})

    def screenshot(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self._call("GET", self._session + "/screenshot")))
