with (a as b
match (x
f"{a:{b:{c