x = []
x.append(x)
y = {}
y["y"] = y
for i in range(100):
    x += [x]
    if i in x or str(x) == repr(y) or x < [x]:
        continue
    while i:
        i = i - 1
        try:
            break
        finally:
            y[i] = (y, x)
else:
    z = [k for k in x if k for l in k]
def f(n):
    return f(n - 1) + f(n - 2) if n else 1
f(40)
s = "a" * 3
while True:
    s = s + s
