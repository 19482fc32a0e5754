import os, sys, importlib
try:
    import missing
except (ImportError, os.error) as e:
    try:
        raise
    except Exception as e2:
        raise RuntimeError(f"{e!r} {e2} {{}} {os.name:>3}") from e
    else:
        pass
finally:
    globals()["q"] = sys.modules[__name__]
def g():
    try:
        from b import gone
    except ModuleNotFoundError:
        return None
with g() as h, open("x") as k:
    from torch import (a, b)
match h:
    case {"a": [b, *c]} if c: raise SystemExit
    case _: pass
