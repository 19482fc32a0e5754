#include "check/import_machine.h"

#include "import_rows.h"

/* clang-format off */
#define FINDER                                                                                     \
    "@@ b/__init__.py\nimport re, sys, importlib.machinery, importlib.util\n"                       \
    "OLD = re.compile(rf'{re.escape(__name__)}\\.(?!pre)old')\n"                                   \
    "class Finder:\n"                                                                              \
    "    def __init__(self, resolve):\n"                                                           \
    "        self.resolve = resolve\n"                                                             \
    "    def find_spec(self, name, path=None, target=None):\n"                                     \
    "        new = self.resolve(name)\n"                                                           \
    "        if new is None or importlib.util.find_spec(new) is None:\n"                           \
    "            return None\n"                                                                    \
    "        return importlib.machinery.ModuleSpec(name, self)\n"                                  \
    "def resolve(name):\n"                                                                         \
    "    package, _, tail = name.rpartition('.')\n"                                                \
    "    if OLD.fullmatch(name) is not None and package == __name__:\n"                            \
    "        return 'b.new'\n"                                                                     \
    "    return None\n"                                                                            \
    "sys.meta_path.append(Finder(resolve))\n"                                                      \
    "@@ b/new.py\nx = 1\n"

/* As lazy packages do it; `lazy` is the last line of the file. */
#define LAZY                                                                                       \
    "@@ b/__init__.py\nimport importlib, os, sys\nfrom types import ModuleType\n"                  \
    "class LazyModule(ModuleType):\n"                                                              \
    "    def __init__(self, name, file, structure, extra, wrap):\n"                                \
    "        super().__init__(name)\n"                                                             \
    "        self._modules = set(structure.keys())\n"                                              \
    "        self._where = {}\n"                                                                   \
    "        for key, values in structure.items():\n"                                              \
    "            for value in values:\n"                                                           \
    "                self._where[value] = key\n"                                                   \
    "        self.__path__ = [os.path.dirname(file)]\n"                                            \
    "        self._objects, self._wrap = extra, wrap\n"                                            \
    "    def __getattr__(self, name):\n"                                                           \
    "        if name in self._objects:\n"                                                          \
    "            return self._objects[name]\n"                                                     \
    "        if name not in self._where:\n"                                                        \
    "            raise AttributeError(name)\n"                                                     \
    "        module = '.' + self._where[name]\n"                                                   \
    "        try:\n"                                                                               \
    "            module = importlib.import_module(module, self.__name__)\n"                        \
    "        except self._wrap as error:\n"                                                        \
    "            raise RuntimeError('no ' + self._where[name]) from error\n"                       \
    "        setattr(self, name, getattr(module, name))\n"                                         \
    "        return getattr(module, name)\n"                                                       \
    "def lazy(structure, extra, wrap=()):\n"                                                       \
    "    sys.modules[__name__] = LazyModule(__name__, __file__, structure, extra, wrap)\n"

#define TORCH \
    "@@ torch/__init__.py\nfrom . import cuda, version\n__version__ = '2.6.0+cu124'\n" \
    "@@ torch/version.py\ncuda = '12.4'\nhip = None\n" \
    "@@ torch/cuda/__init__.py\n" \
    "def is_available():\n    return probe()\n" \
    "def get_device_capability(device=None):\n    return probe()\n"

static const Row modules[] = {
    {"works", "@@ a.py\nimport os, sys\nimport b.c\nfrom b import c as d\nd.x\n@@ b/__init__.py\n"
     "@@ b/c.py\nx = 1\n", "works", NULL},
    {"no module", "@@ a.py\nimport missing\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:1)", NULL},
    {"no submodule", "@@ a/__init__.py\nx = 1\n\nfrom .b import y\n",
     "ModuleNotFoundError: No module named 'a.b' (a/__init__.py:3)", NULL},
    {"not a package", "@@ a.py\nimport b.c\n@@ b.py\n",
     "ModuleNotFoundError: No module named 'b.c'; 'b' is not a package (a.py:1)", NULL},
    {"no name", "@@ a.py\nfrom b import x\n@@ b.py\ny = 1\n",
     "ImportError: cannot import name 'x' from 'b' (a.py:1)", NULL},
    {"no attribute", "@@ a.py\nimport b\nb.x\n@@ b.py\ny = 1\n",
     "AttributeError: module 'b' has no attribute 'x' (a.py:2)", NULL},
    {"a path that code makes longer", "@@ a.py\nfrom b.sub import x\nimport b.gone\n@@ b/__init__.py\nimport os\n"
     "__path__.append(os.path.join(os.path.dirname(__file__), '_api'))\n@@ b/_api/sub.py\nx = 1\n",
     "ModuleNotFoundError: No module named 'b.gone' (a.py:2)", NULL},
    {"a path that is not known", "@@ a.py\nfrom b.sub import x\n@@ b/__init__.py\nimport c\n"
     "if c.probe() not in __path__:\n    __path__.append(c.probe())\n@@ c.abi3.so\n", "unknown", NULL},
    {"another path", "@@ a.py\nfrom b import sub\n@@ b/__init__.py\n"
     "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n@@ b/sub.py\n", "works", NULL},
    {"stdlib of the version", "@@ a.py\nimport tomllib, distutils\nimport imp, asyncore\n", "works", NULL},
    {"gone or of another system", "@@ a.py\nimport winreg\n",
     "ModuleNotFoundError: No module named 'winreg' (a.py:1)", NULL},
    {"what the library returns may be one of ours", "@@ a.py\nimport inspect\nclass Own:\n    pass\n"
     "def f() -> Own:\n    pass\nif not issubclass(inspect.signature(f).return_annotation, Own):\n    import missing\n",
     "unknown", NULL},
    {"a class of the library is none of ours", "@@ a.py\nfrom string import Template\nclass Own:\n    pass\n"
     "if not issubclass(Template, Own):\n    import missing\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:5)", NULL},
    {"what may stand in for the library", "@@ a.py\nimport subprocess\nif not hasattr(subprocess, 'Popen'):\n"
     "    def fake(*args):\n        raise NotImplementedError\n    subprocess.Popen = fake\n"
     "subprocess.Popen(['git'])\n", "works", NULL},
    {"namespace", "@@ a.py\nimport b.c\nimport b.d\n@@ b/c.py\n",
     "ModuleNotFoundError: No module named 'b.d' (a.py:2)", NULL},
    {"extension by tag", "@@ a.py\nimport b\nfrom b import anything\nb.other()\n"
     "@@ b.cpython-311-x86_64-linux-gnu.so\n", "works", NULL},
    {"extension of another Python", "@@ a.py\nimport b\n@@ b.cpython-310-x86_64-linux-gnu.so\n",
     "ModuleNotFoundError: No module named 'b' (a.py:1)", NULL},
    {"extension that wants the driver", "@@ a.py\nimport b\n@@ b.abi3.so\nlibc.so.6\nlibcuda.so.1\n",
     "ImportError: libcuda.so.1: cannot open shared object file: No such file or directory (a.py:1) driver",
     "works"},
    {"extension that the loader refuses", "@@ a.py\nimport b\n@@ b.abi3.so\n# certain loader ImportError\n",
     "ImportError: no (a.py:1)", NULL},
    {"extension that cannot begin", "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\n"
     "@@ b.abi3.so\n# certain ValueError\n", "ValueError: no (a.py:2)", NULL},
    {"extension refused and caught", "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\n"
     "@@ b.abi3.so\n# certain loader ImportError\n", "works", NULL},
    {"a refused one is refused again", "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\nimport b\n"
     "@@ b.abi3.so\n# certain loader ImportError\n", "ImportError: no (a.py:5)", NULL},
    {"extension that may be refused", "@@ a.py\nimport b\n@@ b.abi3.so\n# loader ImportError\n",
     "unknown", NULL},
    {"caught or not, what comes later is as uncertain",
     "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\n@@ b.abi3.so\n# loader ImportError\n",
     "unknown", NULL},
    {"library that the loader refuses",
     "@@ a.py\nimport ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), 'b.so'))\n"
     "@@ b.so\n# certain loader ImportError\n", "OSError: no (a.py:2)", NULL},
    {"library whose functions are looked up when they are called",
     "@@ a.py\nimport ctypes, os\nfrom pathlib import Path\nhere = os.path.dirname(__file__)\n"
     "ctypes.CDLL(os.path.join(here, 'b.so'), mode=os.RTLD_LAZY | ctypes.RTLD_GLOBAL)\n"
     "ctypes.CDLL(os.path.join(here, 'b.so'), flags())\n"
     "@@ b.so\n# certain loader ImportError, when called\n", "works", NULL},
    {"and at once", "@@ a.py\nimport ctypes, os, sys\nsys.setdlopenflags(os.RTLD_LAZY)\n"
     "ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'b.so'), mode=ctypes.RTLD_GLOBAL)\n"
     "@@ b.so\n# certain loader ImportError, when called\n", "OSError: no (a.py:3)", NULL},
    {"extension whose functions are looked up when they are called",
     "@@ a.py\nimport os, sys\nflags = sys.getdlopenflags()\n"
     "sys.setdlopenflags(os.RTLD_GLOBAL | os.RTLD_LAZY)\nimport b\nsys.setdlopenflags(flags)\nimport c\n"
     "@@ b.abi3.so\n# certain loader ImportError, when called\n"
     "@@ c.abi3.so\n# certain loader ImportError, when called\n", "ImportError: no (a.py:6)", NULL},
    {"with flags that are not lazy",
     "@@ a.py\nimport ctypes, sys\nsys.setdlopenflags(sys.getdlopenflags() | ctypes.RTLD_GLOBAL)\n"
     "import b\n@@ b.abi3.so\n# certain loader ImportError, when called\n", "ImportError: no (a.py:3)", NULL},
    {"with flags that are not known",
     "@@ a.py\nimport sys\nimport stranger\n"
     "if stranger.x:\n    sys.setdlopenflags(stranger.y)\nimport b\n@@ stranger.py\ndef __getattr__(name):\n    return open(name)\n"
     "@@ b.abi3.so\n# certain loader ImportError, when called\n", "works", NULL},
    {"library whose module is not begun",
     "@@ a.py\nimport ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), 'b.so'))\n"
     "@@ b.so\n# certain ValueError\n", "works", NULL},
    {"versions by pattern", "@@ a.py\nimport re\nform = re.compile(r'[0-9]+(?:\\.[0-9]+)*')\n"
     "def parts(v):\n    m = form.match(v)\n    if m is None:\n        raise ValueError(v)\n"
     "    return tuple(int(x) for x in m.group(0).split('.'))\n"
     "if parts('0.4.30.dev1') < parts('0.5.0'):\n    raise RuntimeError('old')\n",
     "RuntimeError: old (a.py:9)", NULL},
    {"patterns that match or not", "@@ a.py\nimport re\nm = re.match(r'(\\d+)\\.(\\d+)', '12.4rc1')\n"
     "if not m or m.group(1) != '12' or m.group(2) != '4':\n    import missing\n"
     "if re.match('b', 'ab') or not re.search('b', 'ab') or re.fullmatch('a', 'b'):\n    import missing\n",
     "works", NULL},
    {"patterns that are not decided", "@@ a.py\nimport re\nif re.match(r'(?i)a', 'A'):\n    import missing\n",
     "unknown", NULL},
    {"library that torch loads",
     "@@ a.py\nimport os, torch\ntorch.ops.load_library(os.path.join(os.path.dirname(__file__), 'b.so'))\n"
     "@@ b.so\nlibnvidia-ml.so.1\n@@ torch/__init__.py\nfrom ._ops import ops\n"
     "@@ torch/_ops.py\nimport types\nclass _Ops(types.ModuleType):\n    def load_library(self, path):\n"
     "        with guard():\n            pass\nops = _Ops('torch.ops')\n",
     "OSError: libnvidia-ml.so.1: cannot open shared object file: No such file or directory (a.py:2) driver",
     "works"},
    {"compiled code binds by a helper", "@@ a.py\nimport b.types\nb.types.Int\n@@ b/__init__.py\n"
     "@@ b/types.py\ndef add(x):\n    from b import types\n    setattr(types, x.__name__, x)\n", "works", NULL},
    {"compiled code binds by a helper, in a longer body", "@@ a.py\nimport b.types\nb.types.Int\n@@ b/__init__.py\n"
     "@@ b/types.py\nfrom b import types\ndef add(x):\n    if not x:\n        return [x.first.second, x.third, {'one': x.one, 'two': x.two}, x.four.five.six]\n    setattr(types, x.__name__, x)\n", "works", NULL},
    {"partial tree", "@@ a.py\nimport missing\n# partial\n", "unknown", NULL},
    {"the base may bring it", "@@ a.py\nimport missing\n# base\n", "unknown", NULL},
    {"the base is taken not to bring it",
     "@@ a.py\ntry:\n    import missing\n    bad()\nexcept ImportError:\n    pass\nimport b\n"
     "# base\n@@ b.py\nimport importlib.util\nif importlib.util.find_spec('missing'):\n"
     "    raise RuntimeError('no')\n",
     "works", NULL},
    {"raised for what the base may have",
     "@@ a.py\ntry:\n    import missing\nexcept ImportError:\n    raise RuntimeError('no')\n"
     "# base\n",
     "unknown", NULL},
    {"the base adds nothing to a package that is here",
     "@@ a.py\nimport b.ops\n# base\n@@ b/__init__.py\n",
     "ModuleNotFoundError: No module named 'b.ops' (a.py:1)", NULL},
    {"the base has tools", "@@ a.py\nimport setuptools\nimport b.c\n# base\n@@ b/__init__.py\n",
     "ModuleNotFoundError: No module named 'b.c' (a.py:2)", NULL},
    {"a folder that is here is whole",
     "@@ a.py\nimport os\nfor n in os.listdir(os.path.join(os.path.dirname(__file__), 'b')):\n"
     "    if n == 'x.py':\n        raise RuntimeError(n)\n"
     "assert not os.path.exists(os.path.join(os.path.dirname(__file__), 'b', 'y.py'))\n"
     "# base\n@@ b/x.py\n",
     "RuntimeError: x.py (a.py:4)", NULL},
    {"a name in a partial tree", "@@ a.py\nfrom b import x\n# partial\n@@ b.py\n",
     "ImportError: cannot import name 'x' from 'b' (a.py:1)", NULL},
    {"damaged file", "@@ a.py\nimport b\n@@ b.py\ndef (:\n", "SyntaxError: b.py: line 1: expected a name, found '(' (b.py:1)", NULL},
    {"path file", "@@ a.py\nimport c\n@@ more.pth\nextra\n@@ extra/c.py\n", "works", NULL},
    {"path file that redirects", "@@ a.py\nimport b.c\nfrom b import x\nimport d\n"
     "@@ redirect.pth\nimport _redirect\n@@ _redirect.py\nNAMES = ['b']\n@@ b/__init__.py\n",
     "ModuleNotFoundError: No module named 'd' (a.py:3)", NULL},
    {"path file whose module can't be read", "@@ a.py\nimport b\n"
     "@@ redirect.pth\nimport _redirect\n@@ _redirect.so\n", "unknown", NULL},
    {"circle", "@@ a.py\nimport b\nx = 1\n@@ b.py\nfrom a import x\n", "unknown", NULL},
    {"circle that works", "@@ a.py\nx = 1\nimport b\n@@ b.py\nfrom a import x\n", "works", NULL},
};

static const Row exceptions[] = {
    {"caught", "@@ a.py\ntry:\n    import missing\nexcept ImportError:\n    missing = None\n", "works", NULL},
    {"wrong clause", "@@ a.py\ntry:\n    from b import x\nexcept ModuleNotFoundError:\n    pass\n@@ b.py\n",
     "ImportError: cannot import name 'x' from 'b' (a.py:2)", NULL},
    {"tuple", "@@ a.py\ntry:\n    import missing\nexcept (OSError, ModuleNotFoundError):\n    pass\n",
     "works", NULL},
    {"raised in the clause", "@@ a.py\ntry:\n    import missing\nexcept ImportError as e:\n"
     "    raise RuntimeError('wants missing') from e\n", "RuntimeError: wants missing (a.py:4)", NULL},
    {"raised again", "@@ a.py\ntry:\n    import missing\nexcept ImportError:\n    raise\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:2)", NULL},
    {"else", "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\nelse:\n    import missing\n@@ b.py\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:6)", NULL},
    {"finally", "@@ a.py\ntry:\n    import os\nfinally:\n    import missing\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:4)", NULL},
    {"own class", "@@ a.py\nclass Lacking(ImportError):\n    pass\ntry:\n    raise Lacking('x')\n"
     "except ImportError:\n    pass\nraise Lacking('y')\n", "Lacking: y (a.py:7)", NULL},
    {"suppress", "@@ a.py\nimport contextlib\nwith contextlib.suppress(ImportError):\n"
     "    import missing\n", "works", NULL},
    {"own context", "@@ a.py\nclass Try:\n    def __enter__(self):\n        return self\n"
     "    def __exit__(self, kind, value, tb):\n        return kind is not None\nwith Try():\n    import missing\n",
     "works", NULL},
    {"a failure stays", "@@ a.py\ntry:\n    import b\nexcept ImportError:\n    pass\nimport b\n"
     "@@ b.py\nimport missing\n", "ModuleNotFoundError: No module named 'missing' (b.py:1)", NULL},
};

static const Row tests[] = {
    {"unknown test", "@@ a.py\nimport b\nif b.probe():\n    import missing\n@@ b.abi3.so\n",
     "unknown", NULL},
    {"else of a loop that may break", "@@ a.py\nimport b\nfor x in (1, 2):\n    if b.has(x):\n        break\n"
     "else:\n    import missing\n@@ b.abi3.so\n", "unknown", NULL},
    {"star with an unknown list", "@@ a/__init__.py\nfrom .lib import *\nfrom . import c\nc.x\n@@ a/c.py\nx = 1\n"
     "@@ a/lib/__init__.py\nfrom . import c\nfrom .b import f\n__all__ = f()\n@@ a/lib/c.py\n@@ a/lib/b.abi3.so\n",
     "works", NULL},
    {"unknown test that raises", "@@ a.py\nimport b\nif b.probe():\n    raise RuntimeError('no')\n"
     "@@ b.abi3.so\n", "works", NULL},
    {"version of Python", "@@ a.py\nimport sys\nif sys.version_info >= (3, 12):\n    import missing\n",
     "works", NULL},
    {"parts of the version", "@@ a.py\nimport sys\nif sys.version_info.major == 2 or sys.hexversion < 0x03000000:\n"
     "    import missing\nif 'absent' in sys.modules:\n    import missing\n", "works", NULL},
    {"platform", "@@ a.py\nimport sys\nif sys.platform == 'win32':\n    import missing\n", "works", NULL},
    {"type checking", "@@ a.py\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import missing\n",
     "works", NULL},
    {"environment", "@@ a.py\nimport os\nif os.environ.get('MODE', 'slow') == 'fast':\n"
     "    import missing\n", "ModuleNotFoundError: No module named 'missing' (a.py:3)", NULL},
    {"find_spec", "@@ a.py\nimport importlib.util\nif importlib.util.find_spec('b'):\n"
     "    from b import x\nif importlib.util.find_spec('c') is not None:\n    import d\n@@ b.py\n",
     "ImportError: cannot import name 'x' from 'b' (a.py:3)", NULL},
    {"version of a distribution", "@@ a.py\nfrom importlib.metadata import version, PackageNotFoundError\n"
     "try:\n    version('absent')\nexcept PackageNotFoundError:\n    pass\n"
     "from packaging.version import parse\nif parse(version('B.c')) < parse('2.10'):\n    import missing\n"
     "@@ b_c-2.9.1.dist-info/METADATA\n@@ packaging/__init__.py\n@@ packaging/version.py\n"
     "class Version:\n    pass\ndef parse(text):\n    return Version(text)\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:8)", NULL},
    {"files of a folder", "@@ a/__init__.py\nimport os, importlib\n"
     "for name in sorted(os.listdir(os.path.dirname(__file__))):\n"
     "    if name.endswith('.py') and name[0] != '_':\n"
     "        importlib.import_module(f'{__name__}.{name[:-3]}')\n"
     "@@ a/b.py\n@@ a/stale.py\nfrom .b import gone\n",
     "ImportError: cannot import name 'gone' from 'a.b' (a/stale.py:1)", NULL},
    {"lazy module", "@@ a.py\nfrom b import anything\n@@ b/__init__.py\nimport sys, c\n"
     "sys.modules[__name__] = c.make()\n@@ c.abi3.so\n", "works", NULL},
    {"object for a module", "@@ a.py\nfrom b import anything\n@@ b/__init__.py\nimport sys\n"
     "sys.modules[__name__] = object()\n", "ImportError: cannot import name 'anything' from 'b' (a.py:1)", NULL},
    {"lazy module says its version", "@@ a.py\nimport b\nif b.__version__ < '2':\n    import missing\n" LAZY
     "lazy({'c': ['x']}, {'__version__': '2.1'})\n@@ b/c.py\n", "works", NULL},
    {"lazy module loads", "@@ a.py\nfrom b import x\n" LAZY "lazy({'c': ['x']}, {})\n@@ b/c.py\nimport missing\nx = 1\n",
     "ModuleNotFoundError: No module named 'missing' (b/c.py:1)", NULL},
    {"lazy module wraps what it catches", "@@ a.py\nfrom b import x\n" LAZY "lazy({'c': ['x']}, {}, Exception)\n"
     "@@ b/c.py\nimport missing\n", "RuntimeError: no c (b/__init__.py:22)", NULL},
    {"lazy module lacks a name", "@@ a.py\nfrom b import x\nfrom b import y\n" LAZY "lazy({'c': ['x']}, {})\n"
     "@@ b/c.py\nx = 1\n", "ImportError: cannot import name 'y' from 'b' (a.py:2)", NULL},
    {"lazy module with its dictionary open", "@@ a.py\nfrom b import y\n" LAZY "lazy({'c': ['x']}, {})\n"
     "sys.modules[__name__].__dict__.update(f())\n@@ b/c.py\n", "works", NULL},
    {"submodule of a lazy module", "@@ a.py\nimport b.c\nb.c.x\n" LAZY "lazy({}, {})\n@@ b/c.py\nx = 1\n", "works", NULL},
    {"another class for a module", "@@ a.py\nfrom b import y\n@@ b.py\nimport sys, types\n"
     "class M(types.ModuleType):\n    def __getattr__(self, name):\n        return 1\n"
     "sys.modules[__name__].__class__ = M\n", "works", NULL},
    {"module under another name, perhaps", "@@ a/__init__.py\nimport b\nif b.probe():\n    from . import twin\n"
     "    import sys\n    sys.modules['a.c'] = twin\nfrom .c import x\nfrom .c import y\n@@ a/c.py\nx = y = 1\n"
     "@@ a/twin.py\nx = 1\n@@ b.abi3.so\n", "works", NULL},
    {"finder behind the others refuses", "@@ a.py\nimport b.old\nimport b.nothing\n" FINDER,
     "ModuleNotFoundError: No module named 'b.nothing' (a.py:2)", NULL},
    {"finder behind the others is asked by find_spec", "@@ a.py\nfrom importlib.util import find_spec\nimport b\n"
     "if find_spec('b.nothing') is not None:\n    import missing\n" FINDER, "works", NULL},
    {"finder behind the others brings a name", "@@ a.py\nfrom b import old\nfrom b import nothing\n" FINDER,
     "ImportError: cannot import name 'nothing' from 'b' (a.py:2)", NULL},
    {"finder with a list that is not known", "@@ a.py\nimport b.moves\n@@ b.py\nimport sys, c\nclass Finder:\n"
     "    known = c.make()\n    def find_spec(self, name, path, target=None):\n"
     "        return self if name in self.known else None\nsys.meta_path.append(Finder())\n@@ c.abi3.so\n", "works", NULL},
    {"finder that is not known", "@@ a.py\nimport b.nothing\n@@ b/__init__.py\nimport sys, c\n"
     "sys.meta_path.append(c.Finder())\n@@ c.abi3.so\n", "works", NULL},
    {"finder before the others", "@@ a.py\nimport b.nothing\n@@ b/__init__.py\nimport sys\nclass Finder:\n"
     "    def find_spec(self, name, path, target=None):\n        return None\n"
     "sys.meta_path.insert(0, Finder())\n", "works", NULL},
    {"functions that compare", "@@ a.py\nimport operator\nfrom packaging.version import parse\n"
     "def compare(op, text):\n    return op(parse('3.2.0'), parse(text))\n"
     "if compare(operator.lt, '3.0') or not compare(operator.ge, '3.0.0') or operator.ne(1, 1):\n    import missing\n"
     "@@ packaging/__init__.py\n@@ packaging/version.py\ndef parse(text):\n    return Version(text)\n", "works", NULL},
    {"modules that are not there are not loaded", "@@ a.py\nimport sys, b\nif 'absent.below' in sys.modules:\n    import missing\n"
     "if 'b.absent' in sys.modules:\n    import missing\n@@ b/__init__.py\n",
     "works", NULL},
    {"another list for sys.path", "@@ a.py\nimport sys\nsys.path = ['b'] + sys.path\nimport c\n@@ b/c.py\n", "works", NULL},
    {"name that nothing binds", "@@ a.py\ntry:\n    SETUP\nexcept NameError:\n    SETUP = False\n"
     "if SETUP:\n    pass\nelse:\n    import missing\n", "ModuleNotFoundError: No module named 'missing' (a.py:8)", NULL},
    {"name that a star may bind", "@@ a.py\nfrom b import *\ntry:\n    SETUP\nexcept NameError:\n    SETUP = False\n"
     "if not SETUP:\n    import missing\n@@ b.abi3.so\n", "unknown", NULL},
    {"name given to all modules", "@@ a.py\nimport builtins\nbuiltins.SETUP = True\nimport b\n@@ b.py\ntry:\n    SETUP\n"
     "except NameError:\n    import missing\n", "works", NULL},
    {"function that calls itself", "@@ a.py\ndef clean(d):\n    if isinstance(d, dict):\n"
     "        return {k: clean(v) for k, v in d.items() if clean(v) != ''}\n    return d\n"
     "if clean({'a': {'b': {'c': False}}})['a']['b']['c']:\n    import missing\n", "works", NULL},
    {"dictionary made on a way that is not known", "@@ a.py\nimport b\nif b.probe():\n"
     "    d = {k: v for k, v in {'x': 0}.items()}\n    if d.get('y'):\n        import missing\n@@ b.abi3.so\n",
     "works", NULL},
    {"getattr of a module", "@@ a.py\nfrom b import x\nfrom b import y\n@@ b/__init__.py\n"
     "def __getattr__(name):\n    if name == 'x':\n        return 1\n    raise AttributeError(name)\n",
     "ImportError: cannot import name 'y' from 'b' (a.py:2)", NULL},
    {"globals", "@@ a.py\nfrom b import x1\n@@ b.py\nfor i in range(3):\n    globals()[f'x{i}'] = i\n",
     "works", NULL},
    {"star", "@@ a.py\nfrom b import *\nfrom a import x\n@@ b.py\n__all__ = ['x', 'y']\nx = 1\n",
     "AttributeError: module 'b' has no attribute 'y' (a.py:1)", NULL},
};

static const Row devices[] = {
    {"lazy module loads what wants a device", TORCH "@@ a.py\nfrom b import x\n" LAZY "lazy({'c': ['x']}, {}, Exception)\n"
     "@@ b/c.py\nimport torch\ntorch.cuda.get_device_capability()\nx = 1\n", "RuntimeError: no c (b/__init__.py:22) driver", "works"},
    {"asked in the body", TORCH "@@ a.py\nimport torch\nif not torch.cuda.is_available():\n"
     "    raise NotImplementedError('a GPU is needed')\n",
     "NotImplementedError: a GPU is needed (a.py:3) driver", "works"},
    {"capability", TORCH "@@ a.py\nimport torch\nclass X:\n    major = torch.cuda.get_device_capability()[0]\n",
     "RuntimeError: Found no NVIDIA driver on your system. (a.py:3) driver", "works"},
    {"default of an argument", TORCH "@@ a.py\nimport torch\n"
     "def f(c=torch.cuda.get_device_capability()):\n    pass\n",
     "RuntimeError: Found no NVIDIA driver on your system. (a.py:2) driver", "works"},
    {"in a function", TORCH "@@ a.py\nimport torch\ndef f():\n    torch.cuda.get_device_capability()\n",
     "works", NULL},
    {"library", "@@ a.py\nimport ctypes\nctypes.CDLL('libcuda.so.1')\n",
     "OSError: libcuda.so.1: cannot open shared object file: No such file or directory (a.py:2) driver",
     "works"},
    {"library caught", "@@ a.py\nimport ctypes\ntry:\n    ctypes.CDLL('libcuda.so.1')\nexcept OSError:\n"
     "    pass\n", "works", NULL},
    {"decorator whose class asks", TORCH "@@ a.py\nimport tuner\n@tuner.autotune(configs=[])\ndef kernel():\n"
     "    pass\nimport ops.gone\n"
     "@@ ops/__init__.py\n"
     "@@ tuner.py\nimport torch\nclass Lazy:\n    def __init__(self, make):\n        self._make = make\n"
     "        self._made = None\n    def __getattr__(self, name):\n        if self._made is None:\n"
     "            self._made = self._make()\n        return getattr(self._made, name)\n"
     "class Cuda:\n    @staticmethod\n    def is_active():\n        return torch.cuda.is_available() and torch.version.hip is None\n"
     "    def get_benchmarker(self):\n        return 1\n"
     "def create():\n    actives = [d for d in (Cuda,) if d.is_active()]\n    if len(actives) != 1:\n"
     "        raise RuntimeError(f\"{len(actives)} active drivers ({actives}).\")\n    return actives[0]()\n"
     "driver = Lazy(create)\n"
     "class Autotuner:\n    def __init__(self, fn, do_bench=None):\n        if do_bench is None:\n"
     "            self.do_bench = driver.get_benchmarker()\n"
     "def autotune(configs, do_bench=None):\n    def decorator(fn):\n        return Autotuner(fn, do_bench)\n"
     "    return decorator\n",
     "RuntimeError: 0 active drivers ([]). (tuner.py:19) driver",
     "ModuleNotFoundError: No module named 'ops.gone' (a.py:5)"},
};

static const Row bounds[] = {
    {"endless loop", "@@ a.py\nx = 0\nwhile True:\n    x = x + 1\n", "works", NULL},
    {"endless recursion", "@@ a.py\ndef f(x):\n    return f(x + 1) + g(x)\ndef g(x):\n    return f(x)\nf(0)\n",
     "works", NULL},
    {"of another Python",
     "@@ a.py\nimport b\n@@ b.py\n\nprint 'x'\n",
     "SyntaxError: b.py: line 2: expected the end of the line, found a string (b.py:2)", NULL},
    {"of a later Python", "@@ a.py\nimport b\n@@ b.py\ntype X = int\n",
     "SyntaxError: b.py: line 1: this syntax came with Python 3.12 (b.py:1)", NULL},
    {"of a later Python, caught",
     "@@ a.py\ntry:\n    import b\nexcept SyntaxError:\n    pass\n@@ b.py\ntype X = int\n", "works",
     NULL},
    {"of a later Python, guarded",
     "@@ a.py\nimport sys\nif sys.version_info >= (3, 12):\n    import b\n@@ b.py\ntype X = int\n",
     "works", NULL},
    {"a handler behind thousands", "@@ a.py\nfrom b import x\n@@ b.py\nimport c, e\ntry:\n"
     "    for i in range(2500):\n        if c.probe():\n            from e import y\n"
     "    t = c.probe()\n    try:\n        if t:\n            x = long\n        else:\n            x = (long,)\n"
     "    except NameError:\n        x = 1\nexcept ImportError:\n    pass\n@@ c.abi3.so\n@@ e.py\n",
     "works", NULL},
    {"alike, in a try of its own", "@@ a.py\nimport c\nif c.probe():\n    raise ValueError('own')\ntry:\n"
     "    if c.probe():\n        raise ValueError('own')\n    else:\n        raise ValueError('other')\n"
     "except ValueError:\n    import missing\n@@ c.abi3.so\n",
     "ModuleNotFoundError: No module named 'missing' (a.py:10)", NULL},
    {"alike, not caught", "@@ a.py\nimport c\ntry:\n    if c.probe():\n        import missing\n"
     "except ValueError:\n    pass\n@@ c.abi3.so\n", "unknown", NULL},
    {"list of itself", "@@ a.py\nx = []\nx.append(x)\nstr(x)\nx == [x]\nx == x\ny = [y2 := x, x]\ny == [x, y]\n", "works", NULL},
};
/* clang-format on */

TEST(modules)
{
    check_rows(modules, G_N_ELEMENTS(modules));
}

TEST(exceptions)
{
    check_rows(exceptions, G_N_ELEMENTS(exceptions));
}

TEST(tests_decided)
{
    check_rows(tests, G_N_ELEMENTS(tests));
}

TEST(devices)
{
    check_rows(devices, G_N_ELEMENTS(devices));
}

TEST(bounds)
{
    check_rows(bounds, G_N_ELEMENTS(bounds));
}

TEST(after_a_stop)
{
    ImportFiles files;
    ImportScene scene;
    g_autoptr(ImportSources) sources = sources_of("@@ a.py\nx = 1\n", &files, &scene);
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    machine->stopped = true;
    g_autoptr(ImportVerdict) verdict = import_machine_import(machine, "a");
    g_autofree char *found = describe(verdict);
    assert_text("after a stop", "works", found);
}

/* What was uncertain when a module was loaded is as uncertain when it is there already. */
TEST(doubts_of_an_earlier_import)
{
    static const struct {
        const char *tree, *name;
    } rows[] = {
        {"@@ a.py\nimport b\n@@ b.py\nimport c\nif c.probe():\n    import missing\n@@ c.abi3.so\n",
         "test"},
        {"@@ a.py\nimport b\n@@ b.py\ntry:\n    import c\nexcept ImportError:\n    pass\n"
         "@@ c.abi3.so\n# loader ImportError no\n",
         "library"},
        {"@@ a.py\nimport b\n@@ b.py\nimport c\nfor i in range(1200):\n    if c.probe():\n"
         "        raise ValueError('own')\nif c.probe():\n    import missing\n@@ c.abi3.so\n",
         "behind a thousand"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        ImportFiles files;
        ImportScene scene;
        g_autoptr(ImportSources) sources = sources_of(rows[i].tree, &files, &scene);
        g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
        static const char *const order[] = {"a", "b", "a"};
        for (guint k = 0; k < G_N_ELEMENTS(order); k++) {
            g_autoptr(ImportVerdict) verdict = import_machine_import(machine, order[k]);
            g_autofree char *found = describe(verdict);
            assert_text(rows[i].name, "unknown", found);
        }
    }
}

/* Imports of one machine are those of one fresh interpreter each. */
TEST(environment)
{
    ImportFiles files;
    ImportScene scene;
    g_autoptr(ImportSources) sources = sources_of(
        "@@ a.py\nimport os\nos.environ['A'] = '1'\nimport d\n"
        "@@ b.py\nimport os\nif 'A' not in os.environ:\n    raise ImportError('no A')\n"
        "@@ c.py\nimport a\nimport b\n@@ d.py\nimport os\nos.environ.setdefault('D', '1')\n"
        "@@ e.py\nimport os, c\nif 'D' not in os.environ:\n    raise ImportError('no D')\n",
        &files, &scene);
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    static const struct {
        const char *module, *expected;
    } rows[] = {
        {"a", "works"},
        {"b", "ImportError: no A (b.py:3)"},
        {"a", "works"},
        {"b", "ImportError: no A (b.py:3)"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ImportVerdict) verdict = import_machine_import(machine, rows[i].module);
        g_autofree char *found = describe(verdict);
        assert_text(rows[i].module, rows[i].expected, found);
    }
    g_autoptr(ImportMachine) second = import_machine_new(sources, WORLD_BUILD);
    static const char *const order[] = {"d", "a", "c", "e"};
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        g_autoptr(ImportVerdict) verdict = import_machine_import(second, order[i]);
        g_autofree char *found = describe(verdict);
        assert_text(order[i], "works", found);
    }
}

TEST(chain)
{
    ImportFiles files;
    ImportScene scene;
    g_autoptr(ImportSources) sources =
        sources_of("@@ a/__init__.py\n\nfrom .b import f  # first\n@@ a/b.py\ndef f():\n"
                   "    import gone\nf()\n",
                   &files, &scene);
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    g_autoptr(ImportVerdict) verdict = import_machine_import(machine, "a");
    g_assert_cmpuint(verdict->chain->len, ==, 3);
    const ImportStep *first = verdict->chain->pdata[0], *last = verdict->chain->pdata[2];
    assert_text("module", "a", first->module);
    assert_text("text", "from .b import f  # first", first->text);
    assert_text("path", "a/b.py", last->path);
    g_assert_cmpuint(last->line, ==, 2);
}

/* clang-format off */
static const Row functions[] = {
    {"name of another distribution", "@@ a.py\ndef get():\n    try:\n        from b.c import gone\n"
     "    except ModuleNotFoundError:\n        gone = None\n@@ b/__init__.py\n@@ b/c.py\n",
     "get ImportError: cannot import name 'gone' from 'b.c' (a.py:3)", NULL},
    {"caught", "@@ a.py\ndef get():\n    try:\n        from b.c import gone\n"
     "    except ImportError:\n        gone = None\n@@ b/__init__.py\n@@ b/c.py\n", "", NULL},
    {"absent package", "@@ a.py\ndef get():\n    import missing\n", "", NULL},
    {"absent module of a package", "@@ a.py\nclass X:\n    def get(self):\n        import b.gone\n@@ b/__init__.py\n",
     "X.get ModuleNotFoundError: No module named 'b.gone' (a.py:3)", NULL},
    {"behind a test", "@@ a.py\ndef get(x):\n    if x:\n        import b.gone\n@@ b/__init__.py\n", "", NULL},
    {"behind a return", "@@ a.py\ndef get(x):\n    if x:\n        return\n    import b.gone\n@@ b/__init__.py\n",
     "", NULL},
    {"absent part of a namespace", "@@ a.py\ndef get():\n    import b.gone\n@@ b/here.py\n", "", NULL},
    {"name of a namespace", "@@ a.py\ndef get():\n    from b import gone\n@@ b/here.py\n", "", NULL},
    {"name for who has more", "@@ a.py\nimport b\ndef get():\n    from b import more\n"
     "@@ b/__init__.py\ntry:\n    import missing\nexcept ImportError:\n    pass\nelse:\n    from .c import more\n",
     "", NULL},
    {"of a later Python", "@@ a.py\ndef get():\n    from collections import Mapping\n", "", NULL},
    {"other platform", "@@ a/__init__.py\ndef get():\n    from .windows import gone\n@@ a/windows.py\n", "", NULL},
    {"a module that is reached by a function", "@@ a/__init__.py\ndef get():\n    from .lazy import f\n"
     "@@ a/lazy.py\nfrom .c import gone\n@@ a/c.py\n",
     "get ImportError: cannot import name 'gone' from 'a.c' (a/lazy.py:1)", NULL},
    {"functions of a module that is reached", "@@ a/__init__.py\ndef get():\n    from .lazy import f\n"
     "@@ a/lazy.py\ndef f():\n    from b import gone\n@@ b.py\n",
     "f ImportError: cannot import name 'gone' from 'b' (a/lazy.py:2)", NULL},
};
/* clang-format on */

TEST(functions)
{
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
        ImportFiles files;
        ImportScene scene;
        g_autoptr(ImportSources) sources = sources_of(functions[i].tree, &files, &scene);
        g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_RUN);
        g_autoptr(ImportVerdict) verdict = import_machine_import(machine, "a");
        g_assert_cmpint(verdict->outcome, ==, IMPORT_WORKS);
        g_autoptr(GPtrArray) failures = import_machine_deferred(machine);
        g_autoptr(GString) found = g_string_new(NULL);
        for (unsigned j = 0; j < failures->len; j++) {
            const ImportFailure *failure = failures->pdata[j];
            g_string_append_printf(found, "%s %s: %s (%s:%u)", failure->function,
                                   failure->exception, failure->message, failure->at->path,
                                   failure->at->line);
        }
        assert_text(functions[i].name, functions[i].build, found->str);
    }
}

TEST(scripts)
{
    ImportFiles files;
    ImportScene scene;
    g_autoptr(ImportSources) sources =
        sources_of("@@ b.py\nx = 1\n@@ /app/near.py\n", &files, &scene);
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    static const char *const folders[] = {"/app", NULL};
    import_machine_look_in(machine, folders);
    static const char text[] = "import b, near\nif __name__ == '__main__':\n    from b import y\n";
    g_autoptr(ImportVerdict) verdict =
        import_machine_run(machine, "/app/handler.py", text, strlen(text));
    g_autofree char *found = describe(verdict);
    assert_text("script", "ImportError: cannot import name 'y' from 'b' (/app/handler.py:3)",
                found);
}

TEST(finding_names)
{
    ImportFiles files;
    ImportScene scene;
    g_autoptr(ImportSources) sources =
        sources_of("@@ b/__init__.py\nx = 1\n@@ b/c.py\n", &files, &scene);
    g_autoptr(ImportMachine) machine = import_machine_new(sources, WORLD_BUILD);
    static const struct {
        const char *module, *name, *expected;
    } rows[] = {
        {"b", "x", "works"},
        {"b", "c", "works"},
        {"b.c", NULL, "works"},
        {"b.d", NULL, "ModuleNotFoundError: No module named 'b.d' (:0)"},
        {"b", "y", "ImportError: cannot import name 'y' from 'b' (:0)"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ImportVerdict) verdict =
            import_machine_find(machine, rows[i].module, rows[i].name);
        g_autofree char *found = describe(verdict);
        assert_text(rows[i].module, rows[i].expected, found);
    }
}
