# -*- coding: utf-8 -*-
"""Text."""
from __future__ import annotations
import os, sys as system, a.b.c
from . import (x, y as z,)
from ...p.q import *
@decorator(1)[2]
async def f(a, /, b: int = 3, *args: *Ts, c=4, **k) -> int:
    global g; nonlocal n
    async with a as b, c: pass
    async for i, *j in await k: continue
    else: break
    return [x async for x in y if z if w]
class A(B, metaclass=M, *c, **d):
    x: int = 1; y: str
    def __init__(self): self.x += 1; del self.y, (a, [b])
try: pass
except* (A, B) as e: raise
else: pass
finally: pass
try: pass
except: raise X from None
if a: pass
elif b: pass
else: assert c, d
while (n := f()): pass
type X[T: int = str, *Ts = *a, **P = []] = list[T]
def g[T](): yield; yield 1, 2; x = yield from y
with (open(a) as b, c as (d, e),): pass
with (a, b): pass
with (yield): pass
