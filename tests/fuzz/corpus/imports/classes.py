import abc, functools
from dataclasses import dataclass
from b import *
@dataclass
class A(C, metaclass=abc.ABCMeta):
    x: int = 1
    @functools.lru_cache(None)
    def f(self, *a, **k):
        return super().m()
    @property
    def p(self):
        return self.f(1, *[2], **{"z": 3})
    def __getattr__(self, name):
        return getattr(self, name + "x")
a = A(x=2)
a.p
a.q
class B(A, A): pass
class D(B, C, B): pass
isinstance(D(), (A, (C, B)))
