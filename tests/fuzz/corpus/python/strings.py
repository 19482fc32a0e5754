'a' "b" '''c
d''' r'\x' u"e"
b'f\x00' rb"\q"
'\x41\u0041\U00000041\N{BULLET}\101\
\a\q\0'
f"{a!r:>{w}.{p}} {{}} {x = } {lambda_} {a['b']}" "c" f'{f"{f'{1}'}"}'
f'''{
  a # comment
:
}'''
rf"\{x}\d" f"\N{BULLET}{a}"
