/* What Python itself refuses or decides: names that its standard library lacks, bases of classes,
 * libraries by name, texts taken apart. */
#include "import_rows.h"

/* clang-format off */
static const Row rows[] = {
    {"name that Python 3.10 dropped", "@@ a.py\nfrom collections import Mapping\n",
     "ImportError: cannot import name 'Mapping' from 'collections' (a.py:1)", NULL},
    {"the same, caught", "@@ a.py\ntry:\n    from collections import Mapping\nexcept ImportError:\n"
     "    from collections.abc import Mapping\n", "works", NULL},
    {"attribute that Python 3.11 dropped", "@@ a.py\nimport inspect\ninspect.getargspec\n",
     "AttributeError: module 'inspect' has no attribute 'getargspec' (a.py:2)", NULL},
    {"decorator that Python 3.11 dropped", "@@ a.py\nimport asyncio\n@asyncio.coroutine\ndef f():\n    yield\n",
     "AttributeError: module 'asyncio' has no attribute 'coroutine' (a.py:2)", NULL},
    {"name of a later Python", "@@ a.py\nfrom typing import override\n",
     "ImportError: cannot import name 'override' from 'typing' (a.py:1)", NULL},
    {"module of an earlier Python", "@@ a.py\nimport importlib.resources.nothing\nimport typing.io\nimport asyncio.mixins\n",
     "works", NULL},
    {"module of a later Python", "@@ a.py\nimport pathlib.types\n",
     "works", NULL},
    {"names that this one has", "@@ a.py\nfrom typing import Self\nfrom asyncio import TaskGroup\n", "works", NULL},
    {"asked for", "@@ a.py\nimport inspect\nif not hasattr(inspect, 'getargspec'):\n    raise OSError('none')\n",
     "OSError: none (a.py:3)", NULL},
    {"given back", "@@ a.py\nimport b\nfrom collections import Mapping\n"
     "@@ b.py\nimport collections, collections.abc\ncollections.Mapping = collections.abc.Mapping\n", "works", NULL},
    {"given back by any name",
     "@@ a.py\nimport b\nfrom collections import Mapping\n"
     "@@ b.py\nimport collections, collections.abc\nfor name in collections.abc.__all__:\n"
     "    setattr(collections, name, getattr(collections.abc, name))\n", "works", NULL},
    {"of another Python", "@@ a.py\nimport sys\nif hasattr(sys, 'pypy_version_info'):\n    import gone\n", "works", NULL},
    {"a base twice", "@@ a.py\nimport asyncio, builtins\nclass E(asyncio.TimeoutError, builtins.TimeoutError):\n    pass\n",
     "TypeError: duplicate base class TimeoutError (a.py:2)", NULL},
    {"two bases", "@@ a.py\nfrom typing import Generic, Protocol\nimport abc, socket\nclass B:\n    pass\n"
     "class E(B, abc.ABC, Generic, Protocol):\n    pass\nclass F(socket.timeout, socket.gaierror):\n    pass\n", "works", NULL},
    {"parameters of a base", "@@ a.py\nclass B:\n    def __class_getitem__(cls, item):\n"
     "        return type('C', (), {})\nclass E(B[int], B[str]):\n    pass\n", "works", NULL},
    {"library that is nowhere", "@@ a.py\nimport ctypes\nctypes.CDLL('libnowhere.so.1')\n",
     "OSError: libnowhere.so.1: cannot open shared object file: No such file or directory (a.py:2)", NULL},
    {"library that may be there", "@@ a.py\nimport ctypes\nctypes.CDLL('libm.so.6')\n", "works", NULL},
    {"library looked for",
     "@@ a.py\nfrom ctypes.util import find_library\nfor name in ('nowhere', 'nowhere'):\n"
     "    path = find_library(name)\n    if path is not None:\n        break\nelse:\n    raise OSError('no library')\n",
     "OSError: no library (a.py:7)", NULL},
    {"library that may be found",
     "@@ a.py\nfrom ctypes.util import find_library\nif not find_library('m'):\n    import gone\n",
     "unknown", NULL},
    {"modules under another name",
     "@@ a.py\nimport b\nfrom b.all.c.d import gone\n"
     "@@ b/__init__.py\nimport c.d\nfrom . import all\n"
     "@@ b/all.py\nimport sys\nfor name in list(sys.modules):\n    if name == 'c' or name.startswith('c.'):\n"
     "        sys.modules[f'b.all.{name}'] = sys.modules[name]\n"
     "@@ c/__init__.py\n@@ c/d.py\n", "ImportError: cannot import name 'gone' from 'c.d' (a.py:2)", NULL},
    {"modules that nobody loaded, under another name",
     "@@ a.py\nimport b\nimport b.all.c.e\n"
     "@@ b/__init__.py\nimport c.d\nfrom . import all\n"
     "@@ b/all.py\nimport sys\nfor name, module in sys.modules.items():\n"
     "    sys.modules['b.all.' + name] = module\n"
     "@@ c/__init__.py\n@@ c/d.py\n@@ c/e.py\n", "works", NULL},
    {"requirement taken apart",
     "@@ a.py\nimport re, operator\nfrom packaging import version\nops = {'<': operator.lt, '>=': operator.ge}\n"
     "def require(text):\n    name, want = re.findall(r'^([^!=<>\\s]+)([\\s!=<>]{1,2}.+)', text)[0]\n"
     "    for part in want.split(','):\n        op, want = re.findall(r'^([\\s!=<>]{1,2})(.+)', part)[0]\n"
     "        if not ops[op](version.parse('0.22.0'), version.parse(want)):\n"
     "            raise ImportError('{} is required, not {old}'.format(text, old='0.22.0'))\n"
     "require('b>=0.14,<0.23')\nrequire('b>=0.14,<0.19')\n"
     "@@ packaging/__init__.py\n@@ packaging/version.py\ndef parse(text):\n    return text\n",
     "ImportError: b>=0.14,<0.19 is required, not 0.22.0 (a.py:9)", NULL},
    {"version by groups with names",
     "@@ a.py\nimport re\nfrom collections import namedtuple\n"
     "form = re.compile(r'''\n (?P<major>\\d+) \\. (?P<minor>\\d+)\n (?P<level>(a|b))?''', re.VERBOSE | re.I)\n"
     "found = form.match('7.6').groupdict()\nVersion = namedtuple('Version', 'major minor, level')\n"
     "info = Version(*[int(found['major']), int(found['minor'])], level=found['level'] or '')\n"
     "if info < (7,) or info.minor != 6 or form.match('7.6')['level']:\n    import gone\n", "works", NULL},
    {"versions that are two apart",
     "@@ a.py\nfrom packaging.version import Version\nif Version('2.6.0') >= Version('2.8'):\n    import gone\n"
     "@@ packaging/__init__.py\n@@ packaging/version.py\nclass Version:\n    pass\n", "works", NULL},
    {"requirement that is met, and others",
     "@@ a.py\nfrom packaging.requirements import Requirement\nfrom packaging.specifiers import SpecifierSet\n"
     "from importlib.metadata import version, PackageNotFoundError\nfrom packaging.version import Version\n"
     "class Cache:\n    def __init__(self, text):\n        self.text = text\n    def __bool__(self):\n"
     "        if not hasattr(self, 'met'):\n            try:\n                asked = Requirement(self.text)\n"
     "                self.met = asked.specifier.contains(Version(version(asked.name)), prereleases=True) and not asked.extras\n"
     "            except PackageNotFoundError:\n                self.met = False\n        return self.met\n"
     "if Cache('gone>=1.0') or Cache('b>2') or not Cache('b>=1.5,<2') or '3.0' not in SpecifierSet('>2'):\n"
     "    import gone\n"
     "@@ packaging/__init__.py\n@@ packaging/version.py\nclass Version:\n    pass\n"
     "@@ packaging/requirements.py\nclass Requirement:\n    def __init__(self, text):\n        self.name = open(text)\n"
     "@@ packaging/specifiers.py\nclass SpecifierSet:\n    pass\n"
     "@@ b.py\n@@ b-1.6.dist-info/METADATA\nName: b\nVersion: 1.6\n", "works", NULL},
    {"name of an earlier Python, where nobody knows that it is asked for",
     "@@ a.py\nimport inspect, os\nif os.cpu_count() > 3:\n    get = inspect.getargspec\n", "works", NULL},
    {"names bound by frames",
     "@@ a.py\nimport b\nb.X\nb.Y\nfrom b import Z\n"
     "@@ b.py\nfrom c import give\ngive('X')\ngive('Y', **open('more').read())\n"
     "@@ c.py\nimport sys\ndef give(name, mod=None):\n    if mod is None:\n        mod = sys._getframe(1).f_locals\n"
     "    mod[name] = 1\n", "works", NULL},
    {"names bound by frames, and others",
     "@@ a.py\nfrom b import X, Z\n@@ b.py\nfrom c import give\ngive('X')\n"
     "@@ c.py\nimport inspect\ndef give(name):\n    inspect.currentframe().f_back.f_globals[name] = 1\n",
     "ImportError: cannot import name 'Z' from 'b' (a.py:1)", NULL},
    {"the name of who calls",
     "@@ a.py\nfrom c import name\nif name() != __name__ or '__name__' not in globals():\n    import gone\n"
     "@@ c.py\nimport sys\ndef name():\n    return sys._getframe(1).f_globals.get('__name__')\n", "works", NULL},
    {"what an inherited method gathers",
     "@@ a.py\nfrom b import lazy\nfrom c import x\n"
     "@@ b.py\nimport ast\ndef lazy(path):\n    class Visitor(ast.NodeVisitor):\n        def __init__(self):\n"
     "            self.names = set()\n        def visit_ImportFrom(self, node):\n            self.names.add(node.module)\n"
     "    visitor = Visitor()\n    visitor.visit(ast.parse(open(path).read()))\n    names = visitor.names\n"
     "    def get(name):\n        if name not in names:\n            raise AttributeError(name)\n        return 1\n    return get\n"
     "@@ c.py\nfrom b import lazy\n__getattr__ = lazy(__file__)\n", "works", NULL},
    {"folders that a package adds",
     "@@ a.py\nimport b.d.f, b.e\n@@ b/__init__.py\nimport os, sys\nhere = os.path.dirname(__file__)\n"
     "__path__.append(os.path.join(here, 'more'))\nme = sys.modules[__name__]\n"
     "me.__path__ = [os.path.join(os.path.dirname(here), 'c')] + me.__path__\n"
     "@@ b/more/e.py\n@@ c/d/__init__.py\n@@ c/d/f.py\n", "works", NULL},
    {"folders that nobody knows",
     "@@ a.py\nimport b.c\n@@ b/__init__.py\n__path__ = [open('where').read()] + __path__\n", "unknown", NULL},
    {"no folder that has it",
     "@@ a.py\nimport b.c\n@@ b/__init__.py\n__path__.append(__path__[0])\n",
     "ModuleNotFoundError: No module named 'b.c' (a.py:1)", NULL},
    {"false whatever the rest is",
     "@@ a.py\nimport os\ndef f():\n    return os.cpu_count() > 3 and False\nif f():\n    import gone\n", "works", NULL},
    {"true whatever the rest is",
     "@@ a.py\nimport os\ndef f():\n    return os.cpu_count() > 3 or 'yes'\nif not f():\n    import gone\n"
     "if f() == 'no':\n    import later\n", "unknown", NULL},
    {"true on either way",
     "@@ a.py\nimport os\nx = 'few'\nif os.cpu_count() > 3:\n    x = 'many'\nif not x:\n    import gone\n", "works", NULL},
    {"modules of another's under names that are not known",
     "@@ a.py\nimport b.c.d\n@@ b/__init__.py\nfrom b.lazy import give\ngive(__name__, open('names').read())\n"
     "@@ b/lazy.py\nimport sys\ndef give(name, more):\n    sys.modules[more] = sys.modules[name]\n", "works", NULL},
    {"class of a named tuple",
     "@@ a.py\nfrom collections import namedtuple\nclass V(namedtuple('V', ['x'])):\n    def y(self):\n        return self.x\n"
     "    @classmethod\n    def make(cls):\n        return cls._make([1])\n"
     "if not issubclass(V, tuple) or V(1).x != 1 or V.make().x != 1:\n    import gone\n",
     "unknown", NULL},
    {"descriptors of old generated code",
     "@@ a.py\nfrom google._upb import _message\nclass Field:\n    def __new__(cls, name):\n"
     "        _message.Message._CheckCalledFromGeneratedFile()\n        return object()\nField(name='x')\n"
     "@@ google/_upb/__init__.py\n@@ google/_upb/_message.abi3.so\n",
     "TypeError: Descriptors cannot be created directly. (a.py:4)", NULL},
};
/* clang-format on */

TEST(rows)
{
    check_rows(rows, G_N_ELEMENTS(rows));
}
