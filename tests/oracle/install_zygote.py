"""Runs pip in forks of a process that has it loaded: one JSON request a line, one JSON answer a line.

    python3 -I -S install_zygote.py PIP_DIR

PIP_DIR holds pip's package without its dist-info, so that pip does not see itself as installed. A
request is {"arguments": ["install", ...], "log": file for what pip prints, "layout": {"venv": bool,
"prefix", "purelib", "platlib", "scripts", "headers", "data": folders, "python": what sys.executable
is}}; the answer {"status": exit status}.
"""

import contextlib
import importlib
import json
import os
import sys


def settle(layout):
    """Makes pip believe that it runs in the layout's Python."""
    import pip._internal.req.req_install as req_install
    import pip._internal.req.req_uninstall as req_uninstall
    from pip._internal.models.scheme import Scheme
    from pip._vendor.distlib import scripts

    def get_scheme(dist_name, *_, **__):
        folders = {key: layout[key] for key in ("platlib", "purelib", "scripts", "data")}
        return Scheme(headers=os.path.join(layout["headers"], dist_name), **folders)

    for command in ("install", "uninstall"):
        sys.modules["pip._internal.commands." + command].check_externally_managed = lambda: None
    req_install.get_scheme = get_scheme
    req_uninstall.get_bin_prefix = lambda: layout["scripts"]
    sys.prefix = sys.exec_prefix = layout["prefix"]
    sys.base_prefix = "/elsewhere" if layout["venv"] else layout["prefix"]
    sys.executable = layout["python"]
    scripts.get_executable = lambda: layout["python"]
    sys.path[:0] = dict.fromkeys([layout["purelib"], layout["platlib"]])


def child(request):
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.umask(0o022)
    from pip._internal.cli.main import main

    settle(request["layout"])
    status = main(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def load():
    """Everything an install needs, so that the forks share it; what only the network needs is left out."""
    for name in (
        "cli.main", "cli.main_parser", "cli.autocompletion", "commands.install", "commands.uninstall", "metadata.importlib",
        "network.session", "operations.install.wheel", "resolution.resolvelib.resolver", "cli.index_command", "cli.req_command",
    ):  # fmt: skip
        with contextlib.suppress(ImportError):
            module = importlib.import_module("pip._internal." + name)
            if hasattr(module, "_create_truststore_ssl_context"):
                module._create_truststore_ssl_context = lambda: None
    for name in ("rich.console", "rich.progress", "rich.table", "rich._emoji_codes", "pygments.lexers.python"):
        with contextlib.suppress(ImportError):
            importlib.import_module("pip._vendor." + name)
    sys.modules["pip._internal.network.session"].user_agent = lambda: "pip"


def main():
    sys.path.append(sys.argv[1])
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", COLUMNS="10000")
    load()
    import pip

    print(json.dumps({"pip": pip.__version__, "python": "%d.%d" % sys.version_info[:2]}), flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                child(json.loads(line))
            except BaseException as error:
                os.write(2, repr(error).encode())
            finally:
                os._exit(99)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
