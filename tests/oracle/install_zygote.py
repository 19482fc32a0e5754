"""Runs pip in forks of a process that has it loaded: one JSON request a line, one JSON answer a line.

    python3 -I -S install_zygote.py PIP_DIR

PIP_DIR holds pip's package without its dist-info, so that pip does not see itself as installed. A
request is {"arguments": ["install", ...], "log": file for what pip prints, "layout": {"venv": bool,
"prefix", "purelib", "platlib", "scripts", "headers", "data": folders, "python": what sys.executable
is}}; the answer {"status": exit status}.
"""

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
    """Everything an install needs, so that the forks share it."""
    import pip._internal.cli.main
    import pip._internal.commands.install
    import pip._internal.commands.uninstall
    import pip._internal.network.session
    import pip._internal.operations.install.wheel
    import pip._internal.resolution.resolvelib.resolver
    import pip._vendor.rich.console
    import pip._vendor.rich.progress
    import pip._vendor.rich.table


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
