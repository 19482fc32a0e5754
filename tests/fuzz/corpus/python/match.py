match = 1; match[x] = 2; match(x); match.a; case = type = match
match x, *y:
    case 1 | -2.5 | 3+4j | "a" "b" | None | True: pass
    case [a, *_, b] | (c, *d) if e: pass
    case {"k": v, A.B: w, **rest}: pass
    case A.B(x, y=C()) as z: pass
    case (a): pass
    case *a, b: pass
    case _: pass
