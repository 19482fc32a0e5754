t"{a!r:{b}}" rt"\{c}"
