# coding: latin-1
x = "é"
é = 1
