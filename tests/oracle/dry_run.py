"""`pip install --dry-run` that also writes the order in which it would install.

    python -I dry_run.py PIP_DIR ORDER_FILE ARGUMENT...

runs in the interpreter of the environment that pip is to see. PIP_DIR holds pip's package without its
dist-info, so that pip does not see itself as installed. pip's report has no order: it is asked of the
resolver where the resolution is done.
"""

import sys


def main():
    pip_dir, order_file, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.path.append(pip_dir)
    from pip._internal.cli.main import main as run_pip
    from pip._internal.resolution.resolvelib.resolver import Resolver

    resolve = Resolver.resolve

    def resolve_and_write(self, *args, **kwargs):
        requirements = resolve(self, *args, **kwargs)
        with open(order_file, "w", encoding="utf-8") as stream:
            for requirement in self.get_installation_order(requirements):
                stream.write(requirement.metadata["name"] + "\n")
        return requirements

    Resolver.resolve = resolve_and_write
    return run_pip(["install", "--dry-run"] + arguments)


if __name__ == "__main__":
    sys.exit(main())
