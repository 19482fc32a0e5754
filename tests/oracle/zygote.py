"""Runs pip in forks of a process that has it loaded: one JSON request a line, one JSON answer a line.

    python3 -I -S zygote.py PIP_DIR

PIP_DIR holds pip's package without its dist-info, so that pip does not see itself as installed. A
request is {"prefix": folder of the environment, "arguments": [...], "log": file for what pip
prints}; the answer {"status": exit status}.
"""

import json
import os
import sys


def child(request, pip_dir):
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.prefix = sys.exec_prefix = request["prefix"]
    site = os.path.join(request["prefix"], "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
    sys.path.append(site)
    from pip._internal.cli.main import main

    status = main(["install", "--prefix", request["prefix"]] + request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def load():
    """Everything an install needs, so that the forks share it."""
    import pip._internal.cli.main
    import pip._internal.commands.install
    import pip._internal.network.session
    import pip._internal.operations.install.wheel
    import pip._internal.resolution.resolvelib.resolver
    import pip._vendor.rich.console
    import pip._vendor.rich.progress
    import pip._vendor.rich.table


def main():
    pip_dir = sys.argv[1]
    sys.path.insert(0, pip_dir)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        del os.environ[name]
    os.environ.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", COLUMNS="10000")
    load()
    print(json.dumps({"python": "%d.%d.%d" % sys.version_info[:3]}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                child(request, pip_dir)
            except BaseException as error:
                os.write(2, repr(error).encode())
            finally:
                os._exit(99)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
