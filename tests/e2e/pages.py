"""pages.py RAMEKIN: pages of `ramekin plan` and `ramekin diff` in a real browser: nothing is wider than a
screen of 360 pixels, and axe-core, an audit of accessibility, finds nothing, on narrow and wide screens, in
light and dark.

With $RAMEKIN_PAGES the pages and pictures of them are left there. Skipped without Chromium; the audit needs
axe-core from the npm registry, or $AXE_CORE with the path of axe.min.js.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "..", "cases")
SERVER = os.path.join(HERE, "..", "server", "server.py")
WIDTHS = (360, 700, 1280)
DARK = "@media screen and (prefers-color-scheme: dark)"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# name: the universe, the folder with the recipe, what ramekin is asked
PAGES = {
    "plan": ("plan", "plan/text", ["plan", "ramekin.yaml"]),
    "plan-all": ("plan", "plan/text", ["plan", "--all", "ramekin.yaml"]),
    "diff": ("diff", "diff/rows", ["diff", "ramekin.yaml#golden", "ramekin.yaml#stable"]),
    "plan-unsolved": ("founding/train", "../../recipes/train", ["plan", "ramekin.yaml#golden"]),
    "diff-unsolved": (
        "founding/train",
        "../../recipes/train",
        ["diff", "ramekin.yaml#golden", "ramekin.yaml#stable"],
    ),
    "diff-train": (
        "founding/train",
        "../../recipes/train",
        ["diff", "ramekin.yaml#mended", "ramekin.yaml#stable"],
    ),
}
AUDIT = """
addEventListener("load", async () => {
  const told = {width: document.documentElement.scrollWidth, problems: []};
  if (window.axe) {
    const found = await axe.run(document, {runOnly: %s});
    for (const one of found.violations)
      for (const node of one.nodes)
        told.problems.push(one.id + ": " + node.html.slice(0, 120) + ": " + node.failureSummary);
  }
  parent.document.getElementById("told").textContent = JSON.stringify(told);
});
"""


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def find_browser():
    for path in ("/usr/lib/chromium/chromium", "chromium", "chromium-browser", "google-chrome"):
        if shutil.which(path):
            return shutil.which(path)
    return skip("there is no Chromium (apt-get install chromium)")


def find_axe(work):
    if "AXE_CORE" in os.environ:
        path = os.environ["AXE_CORE"]
    else:
        command = ["npm", "install", "--silent", "--no-save", "--prefix", work, "axe-core@4"]
        if not shutil.which("npm") or subprocess.run(command, check=False, timeout=120).returncode:
            return None
        path = os.path.join(work, "node_modules/axe-core/axe.min.js")
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def make_page(ramekin, work, name):
    universe, folder, words = PAGES[name]
    scratch = os.path.join(work, name)
    shutil.copytree(os.path.join(CASES, folder), scratch)
    script = (
        "export PIP_INDEX_URL=$INDEX_URL/simple/ RAMEKIN_INDEX_CU121=$INDEX_URL/cu121/"
        " RAMEKIN_INDEX_CU124=$INDEX_URL/cu124/ RAMEKIN_INDEX_CU128=$INDEX_URL/cu128/;"
        ' exec "$@"'
    )
    command = [sys.executable, SERVER, os.path.join(CASES, universe, "universe.json"), "--"]
    command += ["sh", "-c", script, "sh", ramekin, *words, "-q", "--format", "html"]
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), PIP_CONFIG_FILE="/dev/null")
    run = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, check=False)
    page = run.stdout.decode()
    if not page.startswith("<!DOCTYPE html>"):
        sys.exit("%s: no page\n%s" % (name, run.stderr.decode()))
    return page


def write_wrapper(path, page, width, axe):
    """The page in a frame of that width, as itself but for the script of the audit."""
    page = re.sub(r"<meta http-equiv[^>]*>", "", page)
    scripts = "<script>%s</script><script>%s</script></head>" % (axe or "", AUDIT % json.dumps(RULES))
    page = page.replace("</head>", scripts, 1)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(
            '<!DOCTYPE html><meta charset="utf-8"><title>w</title><pre id="told"></pre>'
            '<iframe style="border:0" width="%d" height="900" srcdoc="%s"></iframe>'
            % (width, html.escape(page, quote=True))
        )


def browse(browser, work, *words):
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--user-data-dir=" + os.path.join(work, "profile"), *words]
    return subprocess.run(command, capture_output=True, timeout=120, check=False).stdout.decode()


def audit(browser, work, page, width, axe):
    wrapper = os.path.join(work, "wrapper.html")
    write_wrapper(wrapper, page, width, axe)
    dom = browse(
        browser, work, "--window-size=1400,1000", "--virtual-time-budget=60000", "--dump-dom", "file://" + wrapper
    )
    told = re.search(r'<pre id="told">(.*?)</pre>', dom, re.S)
    if not told or not told.group(1):
        return ["the browser says nothing"]
    told = json.loads(html.unescape(told.group(1)))
    wide = ["%d pixels wide" % told["width"]] if told["width"] > width else []
    return wide + told["problems"]


def keep(browser, work, folder, name, page):
    path = os.path.join(folder, name + ".html")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(page)
    for width in WIDTHS[1:]:
        browse(
            browser, work, "--window-size=%d,2400" % width, "--screenshot=%s-%d.png" % (path[:-5], width), "file://" + path
        )


def main():
    ramekin = os.path.abspath(sys.argv[1])
    browser = find_browser()
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        axe = find_axe(work)
        if not axe:
            print("axe-core can't be had: only the widths are checked")
        folder = os.environ.get("RAMEKIN_PAGES")
        for name in PAGES:
            light = make_page(ramekin, work, name)
            assert DARK in light
            for mode, page in (("light", light), ("dark", light.replace(DARK, "@media screen"))):
                if folder:
                    os.makedirs(folder, exist_ok=True)
                    keep(browser, work, folder, "%s-%s" % (name, mode), page)
                for width in WIDTHS:
                    problems = audit(browser, work, page, width, axe)
                    print(name, mode, width, "ok" if not problems else "\n  ".join(["not ok", *problems]))
                    failed += bool(problems)
    sys.exit(1 if failed else 0)


main()
