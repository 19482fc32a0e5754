a or b and not c == d < e is not f not in g | h ^ i & j << 1 >> 2 + 3 - 4 * 5 / 6 // 7 % 8 @ 9 ** -10
x = y = lambda a, *b, c=1, **d: a if b else c
{1: 2, **a, 3: 4}; {1, *b}; {}; {k: v for k, v in d}; {k for k in d}
(); (a,); (*a, b); (x for x in y); (yield); [*a, b, c][0] if 0 else ()
f(a, *b, c=1, **d)(x for x in y)[1:2, ::3, ...][a:=1].b.c
0x_ff + 0b1 + 0o17 + 1_000.5e-3j + .5 + 1. + 00
-~+a ** -b; print >>x, 1
\
a = \
  1
