"""Runs pip in forks of a process that has it loaded: one JSON request a line, one JSON answer a line.

    PYTHON -I install_zygote.py PIP_DIR

PYTHON is that of the environment that pip installs into, PIP_DIR a folder outside of it with pip's
package. A request is {"arguments": ["install", ...], "log": file for what pip prints, "python": what
sys.executable is to be, or null}; the answer {"status": exit status}.
"""

import json
import os
import sys


def child(request):
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.umask(0o022)
    from pip._internal.cli.main import main
    from pip._vendor.distlib import scripts

    if request.get("python"):
        sys.executable = request["python"]
        scripts.get_executable = lambda: request["python"]
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
    os.environ.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    load()
    import pip

    print(json.dumps({"pip": pip.__version__, "python": "%d.%d.%d" % sys.version_info[:3]}), flush=True)
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
